import { expect, test } from 'vitest';
import { stepTable, type ChainTable } from './frontier.ts';
import { gainCurve } from './gain.ts';
import { frontierOf, search } from './search.ts';
import type { SetTable } from './sets.ts';

const N = 40;

function stage(confidences: readonly number[]): SetTable {
  const confidence = Float64Array.from(confidences);
  return {
    confidence,
    served: new Int16Array(N),
    right: Uint8Array.from(confidence, (value) => (value > 0.5 ? 1 : 0)),
    score: confidence,
    order: Int32Array.from(confidence, (_, at) => at).sort((a, b) => confidence[a]! - confidence[b]!),
  };
}

function chainOf(
  chain: readonly number[],
  prices: readonly number[],
  ...confidences: number[][]
): ChainTable {
  const stages = confidences.map(stage);
  const spent = prices.map((_, at) =>
    new Float64Array(N).fill(prices.slice(0, at + 1).reduce((a, b) => a + b)),
  );
  return {
    chain,
    stages,
    spent,
    steps: stages.slice(1).map((after, at) =>
      stepTable(stages[at]!, spent[at]!, {
        priceUsd: prices[at + 1]!,
        gain: gainCurve(stages[at]!.confidence, after.confidence, stages[at]!.order),
      }),
    ),
  };
}

const queries = [...Array(N).keys()];
const early = queries.map((query) => 0.6 + query / 100);
/** The last stage settles what was open; where the first was sure it adds nothing that a sample could tell. */
const late = early.map((confidence, query) =>
  query < 20 ? 0.99 : confidence + (query % 2 === 0 ? 0.01 : -0.009),
);
const cascade = chainOf([0, 1], [1, 10], early, late);
/** Cheap, and as good on average as the best but for a hair; on each query far from it, so that its standard error is large. */
const lucky = chainOf(
  [2],
  [2],
  queries.map((query) => (query % 2 === 0 ? 1 : 0.88)),
);
const budget = (share: number) => ({ share, reference: new Float64Array(N).fill(10) });

test('the pick is the cheapest point of the best chain that a sample cannot tell from the best', () => {
  const { found } = search([cascade, lucky], [budget(2)]);
  const { pick, best } = found[0]!;
  expect(best.table).toBe(cascade);
  expect(pick.table).toBe(cascade);
  expect(pick.costUsd).toBeLessThan(best.costUsd);
  // All that the last stage settles goes on, and hardly anything else.
  expect(pick.costUsd).toBeGreaterThanOrEqual(1 + 10 * 0.4);
  expect(pick.accuracy).toBeGreaterThan(best.accuracy - 0.01);
});

test('each budget has a pick of its own, and none where no policy meets it', () => {
  const { found } = search([cascade, lucky], [budget(0.05), budget(0.3), budget(2)]);
  expect(found[0]).toBeNull();
  expect(found[1]!.pick.costUsd).toBeLessThanOrEqual(3);
  expect(found[2]!.pick.costUsd).toBeGreaterThan(3);
});

test('the frontier has a point for each step of cost, however far apart models are, and from none on', () => {
  const sure = queries.map(() => 0.999);
  const rising = queries.map((query) => 0.5 + query / 100);
  const wide = frontierOf([chainOf([0, 1], [1, 10_000], rising, sure)]);
  expect(wide.filter(({ costUsd }) => costUsd > 349).length).toBeGreaterThan(20);
  expect(wide.at(-1)!.costUsd).toBe(10_001);
  const free = frontierOf([chainOf([0], [0], rising), chainOf([0, 1], [0, 10], rising, sure)]);
  expect(free[0]!.costUsd).toBe(0);
  expect(free.length).toBeGreaterThan(20);
  expect(frontierOf([chainOf([0], [0], rising)])).toHaveLength(1);
});
