import { describe, expect, test } from 'vitest';
import { uniformOf } from '../random.ts';
import { compareHeldOut, decide, type PairedOutcomes } from './decide.ts';

const CHAINS = { current: ['small', 'large'], learned: ['small', 'large'] };

interface Made {
  readonly queries: number;
  /** Shares of queries that only one of the two has right. */
  readonly onlyCurrent?: number;
  readonly onlyLearned?: number;
  /** USD per query of the learned policy; the current one's is 1, give or take a tenth. */
  readonly cost?: number;
  readonly seed?: number;
}

function made({ queries, onlyCurrent = 0, onlyLearned = 0, cost = 0.5, seed = 1 }: Made): PairedOutcomes {
  const uniform = uniformOf(seed);
  const rows = Array.from({ length: queries }, () => {
    const draw = uniform();
    const both = uniform() < 0.8 ? 1 : 0;
    const noise = () => 0.9 + 0.2 * uniform();
    const lost = draw < onlyCurrent;
    const won = !lost && draw < onlyCurrent + onlyLearned;
    return {
      current: { right: lost ? 1 : won ? 0 : both, cost: noise() },
      learned: { right: lost ? 0 : won ? 1 : both, cost: cost * noise() },
    };
  });
  const of = (policy: 'current' | 'learned') => ({
    right: rows.map((row) => row[policy].right),
    costUsd: rows.map((row) => row[policy].cost),
  });
  return { current: of('current'), learned: of('learned') };
}

const decided = (own: Made, maxLoss = 0.02) =>
  decide(compareHeldOut(made({ ...own, seed: 99 }), made(own), maxLoss, CHAINS));

describe('a learned policy', () => {
  test('that is cheaper and loses nothing is proposed, with its figures', () => {
    const { decision, reason } = decided({ queries: 400, onlyCurrent: 0.01, onlyLearned: 0.01 });
    expect(decision).toBe('proposed');
    expect(reason).toMatch(
      /^it costs less, and it loses at most 2.00 points \(p = 0.0\d+\): on 400 held-out queries accuracy \d\d\.\d% against \d\d\.\d% \(difference .* points, 95% .* to .*\), cost \$0\.50\d a query against \$\d\.\d+, \d\d\.\d% of it$/,
    );
  });

  test('that loses more than is allowed is refused, however cheap', () => {
    const { decision, reason } = decided({ queries: 2000, onlyCurrent: 0.05, cost: 0.01 });
    expect(decision).toBe('refused');
    expect(reason).toContain('quality is not shown to hold');
  });

  test('that is compared on too few queries is refused, with how many it takes', () => {
    const { decision, reason } = decided({ queries: 140 });
    expect(decision).toBe('refused');
    expect(reason).toContain('takes at least 149 held-out queries');
  });

  test('that is the same at the same cost is no gain', () => {
    const { decision, reason } = decided({ queries: 1000, cost: 1 });
    expect(decision).toBe('refused');
    expect(reason).toContain('nothing is gained');
  });

  test('that is more often right at no higher cost is proposed', () => {
    const { decision, reason } = decided({ queries: 3000, onlyLearned: 0.05, cost: 0.999 });
    expect(decision).toBe('proposed');
    expect(reason).toMatch(/^it (is more often right and costs no more|costs less)/);
  });
});

test('one that loses just what is allowed passes in at most one of twenty samples', () => {
  const SAMPLES = 400;
  let passed = 0;
  for (let seed = 1; seed <= SAMPLES; seed++) {
    const heldOut = made({ queries: 400, onlyCurrent: 0.04, onlyLearned: 0.02, seed });
    const pilot = made({ queries: 400, onlyCurrent: 0.02, onlyLearned: 0.02, seed: 1000 + seed });
    if (decide(compareHeldOut(pilot, heldOut, 0.02, CHAINS)).decision === 'proposed') passed++;
  }
  // Of 400 that each pass with probability 0.05, more than 30 pass with a probability below 0.02 (exact binomial).
  expect(passed).toBeLessThanOrEqual(30);
});
