import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gainCurve } from './gain.ts';
import { ruleBetween, stepTable, sweep, type ChainTable, type RuleType } from './frontier.ts';
import { outcomesAt } from './outcomes-at.ts';
import { priceLine } from './price-line.ts';
import { NO_EVIDENCE, type SetTable } from './sets.ts';

/**
 * Confidences come in hundredths, so that ties are common; one in ten responses holds no answer. A call costs its model's price,
 * or some times as much.
 */
const cell = fc.record({
  confidence: fc.integer({ min: 0, max: 99 }).map((hundredths) => hundredths / 100),
  isSilent: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  isRight: fc.boolean(),
  times: fc.constantFrom(1, 1, 1, 2, 10),
});

type Cell = { confidence: number; isSilent: boolean; isRight: boolean; times: number };

function tableOf(
  stages: readonly (readonly Cell[])[],
  prices: readonly number[],
  bySpend = false,
): ChainTable {
  const tables = stages.map((cells): SetTable => {
    const confidence = Float64Array.from(cells, (one) => one.confidence);
    const score = Float64Array.from(cells, (one) => (one.isSilent ? NO_EVIDENCE : one.confidence));
    return {
      confidence,
      served: new Int16Array(cells.length),
      right: Uint8Array.from(cells, ({ isRight }) => Number(isRight)),
      score,
      order: Int32Array.from(cells, (_, at) => at).sort((a, b) => score[a]! - score[b]!),
    };
  });
  const costs = stages.map((cells, at) => Float64Array.from(cells, ({ times }) => prices[at]! * times));
  const spent = costs.map((_, stage) =>
    costs[0]!.map((_, at) => costs.slice(0, stage + 1).reduce((sum, cost) => sum + cost[at]!, 0)),
  );
  return {
    chain: stages.map((_, at) => at),
    stages: tables,
    spent,
    steps: costs.slice(1).map((next, at) =>
      stepTable(tables[at]!, spent[at]!, {
        priceUsd: next.reduce((sum, cost) => sum + cost, 0) / next.length,
        ...(bySpend ? { spent: priceLine(spent[at]!, next) } : {}),
        gain: gainCurve(
          tables[at]!.confidence,
          tables[at + 1]!.confidence,
          tables[at]!.order.filter((position) => tables[at]!.score[position] !== NO_EVIDENCE),
        ),
      }),
    ),
  };
}

const anyTable = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 25 }))
  .chain(([stages, queries]) =>
    fc.tuple(
      fc.array(fc.array(cell, { minLength: queries, maxLength: queries }), {
        minLength: stages,
        maxLength: stages,
      }),
      // Models may be free.
      fc.array(fc.constantFrom(0, 0.001, 0.01, 0.3), { minLength: stages, maxLength: stages }),
      fc.boolean(),
    ),
  )
  .map(([stages, prices, bySpend]) => tableOf(stages, prices, bySpend));

/** Every point of a sweep with the stage that each query stands at. */
function pointsOf(table: ChainTable, rule: RuleType): { score: number; stands: number[] }[] {
  const stands = Array.from(table.spent[0]!, () => 0);
  const points: { score: number; stands: number[] }[] = [];
  sweep(
    table,
    rule,
    (position, from, to) => {
      if (stands[position] !== from || to <= from) throw new Error('a query moved from where it was not');
      stands[position] = to;
    },
    (score) => points.push({ score, stands: [...stands] }),
  );
  return points;
}

describe.each(['threshold', 'value'] as const)('the frontier of the rule %s', (rule) => {
  test('stops every query, at every point, where the rule with that parameter stops it', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const points = pointsOf(table, rule);
        for (const [at, { score, stands }] of points.entries()) {
          const next = points[at + 1]?.score ?? null;
          // Between gains that differ by rounding alone there is no room for a parameter.
          if (next !== null && next - score < 1e-9) continue;
          const found = ruleBetween(table, rule, score, next);
          const { stops } = outcomesAt(table, found);
          expect([...stops]).toEqual(stands);
        }
      }),
      { numRuns: 300, seed: 5 },
    );
  });

  test('begins with the cheapest policy and rises', () => {
    fc.assert(
      fc.property(anyTable, (table) => {
        const scores = pointsOf(table, rule).map(({ score }) => score);
        expect(scores[0]).toBe(Number.NEGATIVE_INFINITY);
        expect(scores).toEqual([...new Set(scores)].sort((a, b) => a - b));
      }),
      { numRuns: 100, seed: 6 },
    );
  });
});

test('a free stage that brings nothing is never called, and one that brings something is at any price of an answer', () => {
  const one = (confidence: number): Cell => ({ confidence, isSilent: false, isRight: true, times: 1 });
  const nothing = tableOf(
    [
      [one(0.5), one(0.6)],
      [one(0.5), one(0.6)],
    ],
    [0, 0],
  );
  expect(pointsOf(nothing, 'value').map(({ stands }) => stands)).toEqual([[0, 0]]);
  const something = tableOf(
    [
      [one(0.5), one(0.6)],
      [one(0.9), one(0.6)],
    ],
    [0, 0],
  );
  expect(pointsOf(something, 'value').at(-1)?.stands[0]).toBe(1);
  expect(ruleBetween(something, 'value', 0, null)).toMatchObject({ lambdaUsd: 1 });
});
