import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addSpend,
  exactly,
  knownCost,
  NOTHING,
  spendFromJson,
  spendToJson,
  sumSpend,
  type SpendJson,
} from './spend.ts';

const amount = fc.bigInt(0n, 10n ** 15n);
const spend = fc
  .tuple(amount, fc.option(amount))
  .map(([low, more]) => ({ low, high: more === null ? null : low + more }));

describe('spend', () => {
  it('shows an unknown cost as null, never as zero', () => {
    expect(spendToJson({ low: 0n, high: null })).toEqual({
      costUsd: null,
      costLowUsd: '0',
      costHighUsd: null,
    });
    expect(knownCost({ low: 0n, high: 1n })).toBeNull();
    expect(spendToJson(exactly(5n)).costUsd).toBe('0.000000000005');
  });

  it('has no upper bound once a term has none', () => {
    expect(addSpend(exactly(1n), { low: 2n, high: null })).toEqual({ low: 3n, high: null });
    expect(sumSpend([])).toEqual(NOTHING);
  });

  it('adds up in any order, keeps its bounds in order, and survives JSON', () => {
    fc.assert(
      fc.property(fc.array(spend), (parts) => {
        const total = sumSpend(parts);
        expect(sumSpend([...parts].reverse())).toEqual(total);
        expect(total.high === null || total.high >= total.low).toBe(true);
        expect(spendFromJson(JSON.parse(JSON.stringify(spendToJson(total))) as SpendJson)).toEqual(total);
      }),
    );
  });
});
