import { expect, test } from 'vitest';
import { certificateText } from '../../core/certificate.ts';
import { drawOutcomes, madeOutcomes } from '../../test/support/made-outcomes.ts';
import { certify, levelOf, splitSha256 } from './certify.ts';
import { choosePath } from './choose-path.ts';
import { forecast, forecastText, labelsNeeded } from './forecast.ts';
import { freezeTest, testSha256, type Claim, type FrozenTest } from './frozen-test.ts';
import type { PathOutcomes } from './outcomes.ts';
import type { SplitUse } from './uses.ts';

const HASHES = { policySha256: 'policy', scorerSha256: 'scorer' };
const claim: Claim = { loss: 'regret', alpha: 0.02, delta: 0.1, baseline: 'large' };

function useOf(test: FrozenTest, use = 1): SplitUse {
  return { splitSha256: 'split', testSha256: testSha256(test), use, delta: test.delta };
}

const selection = madeOutcomes([
  { better: 20, worse: 5, cost: 0.6 },
  { better: 20, worse: 10, cost: 0.3 },
  { worse: 100, cost: 0.1 },
]);
const frozen = freezeTest(claim, HASHES, selection);
const first = useOf(frozen);

test('a certificate says what was tested', () => {
  const result = certify(frozen, drawOutcomes(selection, 400, 1), first, 1);
  expect(result.point).toBe(2);
  expect(result.certificate).toEqual({
    ...{ loss: 'regret', alpha: 0.02, delta: 0.1, baseline: 'large', n: 400, use: 1 },
    ...{ pathIndex: 2, pathLength: 4, pValue: result.pValues[2] },
    ...{ splitSha256: 'split', scorerSha256: 'scorer', pathSha256: testSha256(frozen) },
  });
  // The baseline's own is 0, the last is the point that stopped the test.
  expect(result.pValues).toHaveLength(4);
  expect(result.pValues[0]).toBe(0);
  expect(result.pValues[2]).toBeLessThanOrEqual(0.05);
  expect(result.pValues[3]).toBeGreaterThan(0.05);
  expect(result.labelsNeeded).toBeNull();
  expect(certificateText(result.certificate!)).toBe(
    'With a probability of at least 90% over the draw of the 400 certify queries, the mean loss of accuracy of this frozen ' +
      'policy against large, on queries exchangeable with them that no limit ends, is at most 2%: on average, not per query, slice or day.',
  );
  expect(certificateText({ ...result.certificate!, use: 2 })).toMatch(
    /It is test 2 with these labels, and pays for the ones before\.$/,
  );
});

test('the order of the rows does not matter', () => {
  const sample = drawOutcomes(selection, 300, 2);
  const turned = <T>(of: readonly T[]): T[] => [...of].reverse();
  const reversed: PathOutcomes = {
    ids: turned(sample.ids),
    baselineRight: turned(sample.baselineRight),
    points: sample.points.map(({ parameter, right, accepted, costUsd }) => ({
      ...{ parameter, right: turned(right), accepted: turned(accepted), costUsd: turned(costUsd) },
    })),
  };
  expect(certify(frozen, reversed, first, 1)).toEqual(certify(frozen, sample, first, 1));
  const labels = new Map([
    ['a', 1],
    ['b', 0],
  ]);
  expect(splitSha256(labels)).toBe(splitSha256(new Map([...labels].reverse())));
  expect(splitSha256(labels)).not.toBe(splitSha256(new Map([...labels, ['b', 1]])));
});

test('later uses are tested at a smaller level: all together at δ', () => {
  const levels = Array.from({ length: 40 }, (_, before) => levelOf(0.1, before + 1));
  expect(levels[0]).toBe(0.05);
  expect(levels.reduce((sum, level) => sum + level, 0)).toBeCloseTo(0.1, 9);
  const sample = drawOutcomes(selection, 400, 1);
  expect(certify(frozen, sample, { ...first, use: 30 }, 1).certificate).toBeNull();
});

test('where nothing certifies, the baseline is recommended, with how many labels would do', () => {
  const {
    point,
    certificate,
    labelsNeeded: needed,
  } = certify(frozen, drawOutcomes(selection, 60, 3), first, 1);
  expect({ point, certificate }).toEqual({ point: 0, certificate: null });
  expect(needed).toBeGreaterThan(100);
  expect(needed).toBeLessThan(400);
});

test('the forecast in words', () => {
  const promised = forecast(frozen, selection, 400, 0.05, 1);
  expect(forecastText(claim, promised)).toMatch(
    /^regret ≤ 2%: by the selection data, 400 certify labels give a chance of (100|9\d)% .* 3\d% of the .* it takes 149\.$/,
  );
  // Fewer than it takes without a loss can do, where the policy also wins.
  const { chance } = forecast(frozen, selection, 100, 0.05, 1);
  expect(chance).toBeGreaterThan(0.2);
  expect(chance).toBeLessThan(0.6);
});

test('the number of labels is one that does', () => {
  const hard = madeOutcomes([{ better: 10, worse: 20, cost: 0.5 }]);
  const test = freezeTest(claim, HASHES, hard);
  const few = labelsNeeded(frozen, selection, 0.05, 1)!;
  const many = labelsNeeded(test, hard, 0.05, 1)!;
  expect(many).toBeGreaterThan(2 * few);
  expect(forecast(test, hard, many, 0.05, 7).chance).toBeGreaterThan(0.72);
  expect(forecast(test, hard, Math.round(many / 2), 0.05, 7).chance).toBeLessThan(0.75);
  expect(labelsNeeded(test, madeOutcomes([{ worse: 20, cost: 0.5 }]), 0.05, 1)).toBeNull();
});

test('of errors among accepted answers, the baseline is tested too where it vouches for its own', () => {
  const selective: Claim = { ...claim, loss: 'selective', alpha: 0.05 };
  const vouching = madeOutcomes([{ accepted: { right: 800, wrong: 2 }, cost: 0.5 }]);
  const test = freezeTest(selective, HASHES, vouching);
  const result = certify(test, drawOutcomes(vouching, 400, 4), useOf(test), 1);
  // It errs in 10%.
  expect(result).toMatchObject({ point: 0, certificate: null, labelsNeeded: null });
  expect(result.pValues).toHaveLength(1);

  const alone = madeOutcomes([]);
  const at15 = freezeTest({ ...selective, alpha: 0.15 }, HASHES, alone);
  const { certificate } = certify(at15, drawOutcomes(alone, 400, 4), useOf(at15), 1);
  expect(certificate).toMatchObject({ pathIndex: 0, baseline: null });
});

test('a use whose labels began with a smaller δ is made at that, and says so', () => {
  const sample = drawOutcomes(selection, 400, 1);
  const { certificate, pValues } = certify(frozen, sample, { ...useOf(frozen, 2), delta: 0.05 }, 1);
  expect(certificate).toMatchObject({ delta: 0.05, use: 2 });
  expect(certificate!.pValue).toBeLessThanOrEqual(0.0125);
  expect(pValues.at(-1)).toBeGreaterThan(0.0125);
  expect(() => certify(frozen, sample, { ...first, delta: 0.2 }, 1)).toThrow('another δ');
});

test('the labels that are needed are those of the next test, which is made at half of the level', () => {
  // Without a loss ln(level) / ln(1 − α) do: 149, 183, 217 for the first three.
  const harm: Claim = { ...claim, loss: 'harm' };
  const harmless = madeOutcomes([{ cost: 0.5 }]);
  const test = freezeTest(harm, HASHES, harmless);
  const few = drawOutcomes(harmless, 50, 1);
  const needed = [1, 2].map((use) => certify(test, few, useOf(test, use), 1).labelsNeeded);
  expect(needed).toEqual([183, 217]);
});

test('a path begins where a certificate is likely', () => {
  const selective: Claim = { ...claim, loss: 'selective', alpha: 0.15 };
  const candidates = madeOutcomes([
    { accepted: { right: 10, wrong: 0 }, cost: 0.99 },
    { accepted: { right: 100, wrong: 2 }, cost: 0.9 },
    { accepted: { right: 600, wrong: 20 }, cost: 0.4 },
    { accepted: { right: 850, wrong: 100 }, cost: 0.05 },
  ]);
  const path = choosePath(selective, candidates, 250, 0.05, 1);
  expect(path.points.map(({ parameter }) => parameter)).toEqual([null, 3, 4]);
});

test('what was not frozen is not certified', () => {
  const sample = drawOutcomes(selection, 50, 1);
  expect(() => certify(frozen, { ...sample, points: sample.points.slice(0, 2) }, first, 1)).toThrow(
    'another path',
  );
  const [baseline, ...others] = sample.points;
  const better = { ...baseline!, right: baseline!.right.map(() => false) };
  expect(() => certify(frozen, { ...sample, points: [better, ...others] }, first, 1)).toThrow(
    'the first point of the path is not the baseline alone',
  );
  expect(() => certify({ ...frozen, alpha: 0.05 }, sample, first, 1)).toThrow('claimed for another test');
  expect(() => certify(frozen, drawOutcomes(selection, 0, 1), first, 1)).toThrow(
    'there are no certify labels',
  );
  expect(() => freezeTest({ ...claim, alpha: 2 }, HASHES, selection)).toThrow('alpha is 2');
  expect(() => freezeTest(claim, HASHES, { ...selection, points: others })).toThrow('its parameter is null');
  expect(() => freezeTest(claim, HASHES, { ...selection, points: [] })).toThrow('the path has 0 points');
});
