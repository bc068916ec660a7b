import { expect, test } from 'vitest';
import { madeOutcomes } from '../../test/support/made-outcomes.ts';
import { forecast } from './forecast.ts';
import { freezeTest, type Claim } from './frozen-test.ts';
import { singlePointTest } from './path-test.ts';
import { marksOf } from './outcomes.ts';
import { pick, samplesOf } from './resample.ts';

test('a forecast is not made on the samples that its path was chosen by', () => {
  const claim: Claim = { loss: 'harm', alpha: 0.05, delta: 0.1, baseline: 'large' };
  const selection = madeOutcomes([{ worse: 25, cost: 0.5 }]);
  const frozen = freezeTest(claim, { policySha256: '', scorerSha256: '' }, selection);
  const [n, level, samples] = [150, 0.05, 500];
  const pValueOf = singlePointTest(frozen, level, 1);
  const marks = marksOf('harm', selection)[1]!;
  // Of each seed, how often the point passes on the samples of choosePath, and what is forecast.
  const pairs = Array.from({ length: 40 }, (_, seed): [number, number] => {
    let passed = 0;
    for (const drawn of samplesOf(marks.length, n, samples, seed))
      if (pValueOf(pick(marks, drawn)) <= level) passed++;
    return [passed / samples, forecast(frozen, selection, n, level, seed).chance];
  });
  expect(pairs.filter(([chosenBy, said]) => chosenBy === said).length).toBeLessThan(15);
});
