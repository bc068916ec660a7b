/**
 * Certificates where the truth is known: the test half of a recorded set is taken for all queries there are, samples are
 * drawn from it with replacement, and each is certified. How often is a certificate wrong (at most δ), how often does it
 * come, and what does it save? Beside it, the plug-in point, which promises the same and keeps it less.
 *
 *     npm run bench:guarantee -- DIR …
 */
import { basename } from 'node:path';
import { certifyManyTimes, type TrialOutcome } from '../learning/guarantee/known-truth.ts';
import { choosePath } from '../learning/guarantee/choose-path.ts';
import { forecast } from '../learning/guarantee/forecast.ts';
import { freezeTest } from '../learning/guarantee/frozen-test.ts';
import type { PathOutcomes } from '../learning/guarantee/outcomes.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { pairPath } from '../test/support/pair-path.ts';

const DELTA = 0.1;
const SAMPLES = 300;
/** About what 40% of a training half of 650 queries are. */
const N = 250;
const ALPHAS = { regret: [0.01, 0.02, 0.05], harm: [0.02, 0.05], selective: [0.02, 0.05, 0.1] } as const;
const HASHES = { policySha256: 'bench', scorerSha256: 'bench' };

const folders = process.argv.slice(2);
if (folders.length === 0) {
  console.error('usage: npm run bench:guarantee -- DIR …    (folders of recorded sets)');
  process.exitCode = 2;
}
for (const folder of folders) await table(folder);

async function table(folder: string): Promise<void> {
  const { chain, selection, population } = pairPath(await readRecordedSet(folder));
  const baseline = chain.at(-1) ?? '';
  console.log(`\n${basename(folder)}: ${chain.join(' → ')}, ${selection.points.length} points`);
  console.log(`${SAMPLES} samples of ${N} from ${population.ids.length} queries, δ = ${DELTA}\n`);
  console.log('| loss | α | wrong | certified | cost | forecast | plug-in wrong | plug-in cost |');
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const loss of ['regret', 'harm', 'selective'] as const) {
    for (const alpha of ALPHAS[loss]) {
      const claim = { loss, alpha, delta: DELTA, baseline };
      const path = choosePath(claim, selection, N, DELTA, 1);
      const test = freezeTest(claim, HASHES, path);
      const expected = forecast(test, path, N, DELTA, 1);
      const sampling = { n: N, samples: SAMPLES, level: DELTA, seed: 2 };
      const trials = certifyManyTimes(test, atParameters(population, test.parameters), sampling);
      const { tested, plugIn } = trials;
      const cells = [loss, percent(alpha), wrong(tested), percent(tested.others / SAMPLES)];
      cells.push(percent(tested.costShare), `${percent(expected.chance)} at ${percent(expected.costShare)}`);
      cells.push(wrong(plugIn), percent(plugIn.costShare));
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}

function atParameters(outcomes: PathOutcomes, parameters: readonly (number | null)[]): PathOutcomes {
  return { ...outcomes, points: outcomes.points.filter(({ parameter }) => parameters.includes(parameter)) };
}

function wrong({ violations }: TrialOutcome): string {
  return `${violations} (${percent(violations / SAMPLES)})`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)}%`;
}
