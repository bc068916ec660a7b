import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canonicalJson } from '../core/canonical-json.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { MADE_ANSWER, madeSet, permuteLabels } from '../test/support/made-set.ts';
import { toDataset } from './dataset.ts';
import { levelOf } from './guarantee/certify.ts';
import type { FrozenTest } from './guarantee/frozen-test.ts';
import { pathTest } from './guarantee/path-test.ts';
import { claimUse } from './guarantee/uses.ts';
import { fitScorers, learnedFrom } from './learn.ts';
import { uniformOf } from './random.ts';
import { certifyFrozen, claimedTest, developAndCertify, forecastOf, freeze } from './learn-certified.ts';

const OPTIONS = { seed: 1, include: [] };
const CLAIM = { loss: 'regret', alpha: 0.1, delta: 0.1, baseline: null } as const;

function frozenOn(set: RecordedSet) {
  const { dataset } = toDataset(set, MADE_ANSWER);
  const train = dataset.queries.map((_, at) => at);
  return { dataset, train, frozen: freeze(dataset, train, CLAIM, OPTIONS) };
}

const HASHES = { policySha256: 'policy', scorerSha256: 'scorer' };
const PAIR = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, large: { usdPerMtok: 10, accuracy: 0.95 } };
const easySet = madeSet(PAIR, { queries: 400, doubt: 0.95, shared: 1, silent: 0 });
const easy = frozenOn(easySet);
const first = {
  splitSha256: easy.frozen.split.sha256,
  testSha256: claimedTest(easy.frozen).sha256,
  use: 1,
  delta: 0.1,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-certify-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a certificate', () => {
  test('is issued where a cascade earns it, at a lower cost, and says what it says', () => {
    const { certification, policy } = certifyFrozen(easy.dataset, easy.frozen, first, OPTIONS);
    expect(certification.point).toBeGreaterThan(0);
    expect(policy.certificate).toMatchObject({
      ...{ loss: 'regret', alpha: 0.1, delta: 0.1, baseline: 'large', use: 1 },
      ...{ n: easy.frozen.certifyOn.length, scorerSha256: policy.scorerSha256 },
    });
    expect(policy.chain).toEqual(['small', 'large']);
    expect(policy.learnedFrom).toEqual(learnedFrom(easy.dataset, easy.frozen.fitted.queries, OPTIONS.seed));
    expect(policy.promised.costShare).toBeLessThan(0.7);
    expect(forecastOf(easy.frozen, { use: 1, delta: 0.1 }, 1).chance).toBeGreaterThan(0.5);
  });

  test('is not, where the cheap model brings nothing: the baseline is recommended, not what costs more', () => {
    const hopeless = frozenOn(
      madeSet(
        { small: { usdPerMtok: 5, accuracy: 0.1 }, large: { usdPerMtok: 10, accuracy: 0.95 } },
        { queries: 200, doubt: 0.05, silent: 0 },
      ),
    );
    const use = {
      ...first,
      splitSha256: hopeless.frozen.split.sha256,
      testSha256: claimedTest(hopeless.frozen).sha256,
    };
    const { certification, policy } = certifyFrozen(hopeless.dataset, hopeless.frozen, use, OPTIONS);
    expect(certification).toMatchObject({ point: 0, certificate: null });
    expect(policy).toMatchObject({ chain: ['large'], promised: { costShare: 1 } });
  });

  const aged = (hidden: boolean) =>
    madeSet(
      {
        cheap: { usdPerMtok: 0.1, accuracy: 0.8 },
        good: { usdPerMtok: 2, accuracy: 0.97 },
        old: { usdPerMtok: 10, accuracy: 0.85, hidden },
      },
      { queries: 400, doubt: 0.95, silent: 0 },
    );

  test('may be against a model that others are better than: that is what a policy is held against', () => {
    const { dataset } = toDataset(aged(false), MADE_ANSWER);
    const train = dataset.queries.map((_, at) => at);
    expect(fitScorers(dataset, train, OPTIONS).pool).not.toContain(2);
    const frozen = freeze(dataset, train, { ...CLAIM, baseline: 'old' }, OPTIONS);
    expect(frozen.chain.at(-1)).toBe(2);
    const use = { ...first, splitSha256: frozen.split.sha256, testSha256: claimedTest(frozen).sha256 };
    const { certification } = certifyFrozen(dataset, frozen, use, OPTIONS);
    expect(certification.certificate).toMatchObject({ baseline: 'old' });
  });

  test('is not against a model of unknown cost, unless it is included', () => {
    const { dataset } = toDataset(aged(true), MADE_ANSWER);
    const train = dataset.queries.map((_, at) => at);
    const claim = { ...CLAIM, baseline: 'old' };
    expect(() => freeze(dataset, train, claim, OPTIONS)).toThrow(
      'old is marked hidden_reasoning_tokens, so that its cost is not known: name it with --include',
    );
    expect(freeze(dataset, train, claim, { ...OPTIONS, include: ['old'] }).claim.baseline).toBe('old');
  });

  test('does not come from too few labels, which it says', () => {
    const { dataset, frozen } = easy;
    const few = { ...frozen, certifyOn: frozen.certifyOn.slice(0, 15) };
    const { certification, policy } = certifyFrozen(dataset, few, first, OPTIONS);
    expect(certification).toMatchObject({ point: 0, labelsNeeded: expect.any(Number) as number });
    expect(certification.labelsNeeded).toBeGreaterThan(15);
    expect(policy.chain).toEqual(['large']);
  });
});

test('develop and certify share no query and are about 60 to 40', () => {
  const { develop, certifyOn } = developAndCertify(easy.dataset.queries, easy.train);
  expect([...develop, ...certifyOn].sort((a, b) => a - b)).toEqual(easy.train);
  expect(develop.length / easy.train.length).toBeCloseTo(0.6, 1);
});

describe('of queries in groups', () => {
  const GROUPS = 200;
  const queries = Array.from({ length: 5 * GROUPS }, (_, at) => ({
    ...{ id: `q${at}`, task: 'chat', messages: [{ role: 'user', content: `turn ${at}` }] },
    group: `conversation ${at % GROUPS}`,
  }));
  const all = queries.map((_, at) => at);

  test('one of each is tested, whatever their order', () => {
    const { develop, certifyOn, repeated } = developAndCertify(queries, all);
    expect([...develop, ...certifyOn, ...repeated].sort((a, b) => a - b)).toEqual(all);
    const groups = (some: readonly number[]) => some.map((query) => queries[query]!.group);
    expect(new Set(groups(certifyOn)).size).toBe(certifyOn.length);
    expect(new Set(groups(repeated))).toEqual(new Set(groups(certifyOn)));
    const backwards = developAndCertify(queries, [...all].reverse());
    expect(new Set(backwards.certifyOn)).toEqual(new Set(certifyOn));
  });

  test('that fare alike, a loss above the bound is certified as rarely as the level says', () => {
    const { certifyOn } = developAndCertify(queries, all);
    const [alpha, level, truth, trials] = [0.05, 0.05, 0.06, 1000];
    const pilot = [
      { good: 0, neutral: 400, bad: 0 },
      { good: 0, neutral: 380, bad: 20 },
    ];
    const harm = {
      loss: 'harm',
      alpha,
      delta: 0.1,
      baseline: 'large',
      ...HASHES,
      parameters: [null, 0.5],
      pilot,
    };
    const run = pathTest(harm as FrozenTest, level);
    const uniform = uniformOf(1);
    let wrong = 0;
    for (let trial = 0; trial < trials; trial++) {
      const lost = Array.from({ length: GROUPS }, () => (uniform() < truth ? 1 : 0));
      const marks = Int8Array.from(certifyOn, (query) => lost[query % GROUPS]!);
      if (run((point) => (point === 0 ? new Int8Array(marks.length) : marks)).last === 1) wrong++;
    }
    // Of 1000 at most 50 are expected, with a standard deviation of 7; counting all queries of each group, 127.
    expect(wrong).toBeLessThan(72);
  });

  test('a certificate counts groups, and the register knows all their queries', () => {
    const set = madeSet(PAIR, { queries: 900, doubt: 0.95, shared: 1, silent: 0 });
    const grouped = set.queries.map((query, at) => ({ ...query, group: `c${Math.floor(at / 2)}` }));
    const { dataset, frozen } = frozenOn({ ...set, queries: grouped });
    const use = { ...first, splitSha256: frozen.split.sha256, testSha256: claimedTest(frozen).sha256 };
    const { certification } = certifyFrozen(dataset, frozen, use, OPTIONS);
    expect(frozen.split.ids).toHaveLength(2 * frozen.certifyOn.length);
    expect(certification.certificate?.n).toBe(frozen.certifyOn.length);
  });
});

test('nothing but the point and the certificate follows from the certify labels', () => {
  const { dataset, frozen } = easy;
  const ids = frozen.certifyOn.map((query) => dataset.queries[query]!.id);
  const other = frozenOn(permuteLabels(easySet, ids, 3));
  expect(claimedTest(other.frozen).sha256).toBe(claimedTest(frozen).sha256);
  expect(other.frozen.split.sha256).not.toBe(frozen.split.sha256);
  const chosen = ({ rules, chain, fitted, test: frozenTest, selection, certifyOn }: typeof frozen) =>
    canonicalJson([rules, chain, fitted.artifact, frozenTest, selection, certifyOn]);
  expect(chosen(other.frozen)).toBe(chosen(frozen));
});

test('another test of the same labels is made at half of the level; the same one again costs nothing', async () => {
  const register = join(folder, 'uses.jsonl');
  const { split } = easy.frozen;
  const uses = [];
  for (const name of ['a', 'b', 'a', 'b', 'c'])
    uses.push((await claimUse(register, split, { sha256: name, delta: 0.1 })).use);
  expect(uses).toEqual([1, 2, 1, 2, 3]);
  expect(levelOf(0.1, 1)).toBeCloseTo(0.05, 12);
  expect(levelOf(0.1, 2)).toBeCloseTo(0.025, 12);
});
