import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../core/canonical-json.ts';
import { sha256 } from '../core/request-hash.ts';
import { EMBEDDER, JUDGE, withEvidence } from '../test/support/made-evidence.ts';
import { LADDER, MADE_ANSWER, madeSet } from '../test/support/made-set.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { learnedScore } from '../scorers/learned/score.ts';
import { servedJudge } from './cross-fit.ts';
import { toDataset } from './dataset.ts';
import { figuresOf } from './figures.ts';
import { fitScorers } from './learn.ts';
import { outcomesAt } from './outcomes-at.ts';
import { modelsOn } from './pool.ts';
import { simulatedEvidence } from './simulated-evidence.ts';
import { simulateQuery, type SimulatedPolicy } from './simulate.ts';
import { halvesOf } from './split.ts';
import { Tables } from './tables.ts';

const set = madeSet(LADDER, { queries: 240, doubt: 0.4 });
const OPTIONS = { seed: 1, include: [] };

/** Held-out figures of a scorer that was learned with some evidence. */
function aurocOf(of: RecordedSet, names: { judge?: string; embedder?: string }): number {
  const { dataset } = toDataset(of, MADE_ANSWER, names);
  const { train, test: held } = halvesOf(dataset.queries);
  const judge = servedJudge(dataset, fitScorers(dataset, train, OPTIONS).fit, held);
  const table = new Tables(dataset, held, () => judge).chain([0]);
  return figuresOf(dataset, held, table, [0], 3, () => judge).auroc!;
}

describe('evidence that is bought', () => {
  const without = aurocOf(set, {});

  test('makes scores better where it knows something, and costs little where it knows nothing', () => {
    const knows = withEvidence(set, { insight: 0.4, distance: 2 });
    const guesses = withEvidence(set, { insight: 0, distance: 0 });
    const of = (from: RecordedSet) => ({
      judge: aurocOf(from, { judge: JUDGE }),
      embedder: aurocOf(from, { embedder: EMBEDDER }),
      both: aurocOf(from, { judge: JUDGE, embedder: EMBEDDER }),
    });
    const [good, noise] = [of(knows), of(guesses)];
    for (const auroc of Object.values(good)) expect(auroc).toBeGreaterThan(without + 0.03);
    expect(good.both).toBeGreaterThan(Math.max(good.judge, good.embedder) - 0.01);
    // A standard error of an AUROC of so few is about 0.02.
    for (const auroc of Object.values(noise)) expect(auroc).toBeGreaterThan(without - 0.02);
  });

  test('is not read, and changes nothing, where nobody asks for it', () => {
    const hashOf = (of: RecordedSet) => {
      const { dataset } = toDataset(of, MADE_ANSWER);
      const { artifact } = fitScorers(dataset, halvesOf(dataset.queries).train.slice(0, 60), OPTIONS);
      expect(artifact).toMatchObject({ formatVersion: 2 });
      expect(artifact).not.toHaveProperty('evidence');
      return sha256(canonicalJson(artifact));
    };
    expect(hashOf(withEvidence(set))).toBe(hashOf(set));
  });

  test('has to be in the set, mostly', () => {
    const asked = { judge: JUDGE };
    expect(() => toDataset(set, MADE_ANSWER, asked)).toThrow(/no judgements of "judge-model".*annotate/);
    const whole = withEvidence(set);
    const judgements = whole.evidence!.judgements.get(JUDGE)!;
    const some = (share: number): RecordedSet => ({
      ...whole,
      evidence: {
        ...whole.evidence!,
        judgements: new Map([
          [JUDGE, new Map([...judgements].filter((_, at) => at < share * judgements.size))],
        ]),
      },
    });
    expect(() => toDataset(some(0.5), MADE_ANSWER, asked)).toThrow(/lacks \d+ of the \d+ judgements/);
    expect(toDataset(some(0.95), MADE_ANSWER, asked).leftOut).toMatchObject([
      { what: expect.stringMatching(/^\d+ of \d+ judgements$/) as string },
    ]);
  });

  test('is paid for in learning as in the state machine, and says the same there', async () => {
    const bought = withEvidence(madeSet(LADDER, { queries: 160, silent: 0.2 }));
    const names = { judge: JUDGE, embedder: EMBEDDER };
    const { dataset } = toDataset(bought, MADE_ANSWER, names);
    const { train, test: held } = halvesOf(dataset.queries);
    const { artifact, fit } = fitScorers(dataset, train, OPTIONS);
    expect(artifact).toMatchObject({
      formatVersion: 3,
      evidence: { judge: { model: JUDGE }, embedder: { model: EMBEDDER, dimensions: 24 } },
    });
    const judge = servedJudge(dataset, fit, held);
    for (const chain of [[0, 1, 3], [1, 2], [2]]) {
      const thresholds = chain.map(() => 0.8);
      const table = new Tables(dataset, held, () => judge).chain(chain);
      const served = outcomesAt(table, thresholds);
      const asked = chain.length === 1 ? {} : names;
      const policy: SimulatedPolicy = {
        stages: chain.map((model) => ({ model: dataset.models[model]!, worstCaseUsd: null })),
        thresholds,
        scorer: { scoresLastStage: true, worstCaseUsd: '0' },
        limits: { maxCostUsd: null, deadlineMs: null },
        modelAccuracy: chain.map((model) => fit.accuracy[model]!),
        answer: MADE_ANSWER,
        score: learnedScore(artifact, asked),
        prices: chain.map((model) => recordedPrices(bought.models[dataset.models[model]!]!)[0]),
        ...(chain.length === 1 ? {} : { evidence: simulatedEvidence(bought, names) }),
      };
      const runs = [];
      for (const query of held) {
        const own = dataset.queries[query]!;
        runs.push(await simulateQuery(policy, own, (model) => bought.responses.get(model)?.get(own.id)));
      }
      for (const [at, run] of runs.entries()) {
        expect(run.calls).toBe(served.stops[at]! + 1);
        expect(run.correct).toBe(served.right[at] === 1);
        expect(Number(run.cost) * 1e-12).toBeCloseTo(served.costUsd[at]!, 12);
        if (chain.length > 1) expect(run.confidence).toBeCloseTo(served.confidence[at]!, 12);
      }
      const figures = figuresOf(dataset, held, table, thresholds, 3, () => judge);
      const shares = figures.spend_by_stage.flatMap(({ served: own, agreed, discarded, scoring = 0 }) => [
        ...[own, agreed, discarded, scoring],
      ]);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
      const alone = modelsOn(dataset, held)[chain[0]!]!;
      if (chain.length === 1) expect(figures.cost_usd_per_query).toBeCloseTo(alone.costUsd, 12);
    }
  });
});
