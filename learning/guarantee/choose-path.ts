import { freezeTest, type Claim } from './frozen-test.ts';
import { marksOf, type PathOutcomes } from './outcomes.ts';
import { singlePointTest } from './path-test.ts';
import { pick, samplesOf } from './resample.ts';

/** Samples that a point's chance is estimated from: to about ±0.04. */
const SAMPLES = 200;
/** A chance that is less than the best one by so much is no worse, as far as can be told. */
const AS_GOOD = 0.05;

/**
 * A path that is worth testing, chosen on selection data: candidates in ascending order of risk, less those at the start that
 * would likely stop the test before it came to better ones. A careful point can be such a one: where few answers are
 * accepted, a sample says little about the errors among them.
 * @param candidates of the path: the baseline, then the careful to the cheap.
 * @param n labelled queries that the certify sample will have.
 * @param level what the test will be made at.
 * @returns the candidates from the first on whose chance to certify by itself is as good as any; the baseline stays.
 */
export function choosePath(
  claim: Claim,
  candidates: PathOutcomes,
  n: number,
  level: number,
  seed: number,
): PathOutcomes {
  const test = freezeTest(claim, { policySha256: '', scorerSha256: '' }, candidates);
  const marks = marksOf(claim.loss, candidates).slice(1);
  const chances = marks.map((of, before) => {
    const pValueOf = singlePointTest(test, level, before + 1);
    let passed = 0;
    for (const drawn of samplesOf(of.length, n, SAMPLES, seed)) {
      if (pValueOf(pick(of, drawn)) <= level) passed++;
    }
    return passed / SAMPLES;
  });
  const first = chances.findIndex((chance) => chance >= Math.max(...chances) - AS_GOOD);
  return { ...candidates, points: candidates.points.filter((_point, at) => at === 0 || at > first) };
}
