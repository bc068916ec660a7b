import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawFault, faultPlanSchema, isBilled, type RequestKey } from './faults.ts';

const key = (nth: number, query = 'q', model = 'm'): RequestKey => ({ model, query, nth });
const stall = { kind: 'stall' } as const;

describe('the draw of faults', () => {
  const plan = faultPlanSchema.parse({
    rates: [
      { probability: 0.2, fault: { kind: 'rate-limit', retry_after_seconds: 3 } },
      { probability: 0.1, fault: { kind: 'cut-stream' } },
    ],
  });
  const keys = Array.from({ length: 4000 }, (_, index) => key((index % 4) + 1, `q${Math.floor(index / 4)}`));
  const drawn = (seed: number): Map<string, string | undefined> =>
    new Map(keys.map((one) => [JSON.stringify(one), drawFault(plan, seed, one)?.kind]));

  it('keeps to its rates', () => {
    const kinds = [...drawn(1).values()];
    const share = (kind: string): number => kinds.filter((one) => one === kind).length / kinds.length;
    expect(share('rate-limit')).toBeCloseTo(0.2, 1);
    expect(share('cut-stream')).toBeCloseTo(0.1, 1);
  });

  it('depends on the seed and the request, not on the order', () => {
    const first = drawn(1);
    fc.assert(
      fc.property(fc.shuffledSubarray(keys, { minLength: 1, maxLength: 50 }), (some) => {
        for (const one of some) expect(drawFault(plan, 1, one)?.kind).toBe(first.get(JSON.stringify(one)));
      }),
      { numRuns: 20 },
    );
    expect(drawn(2)).not.toEqual(first);
  });

  it('lets the first rule that matches decide, before any rate', () => {
    const ruled = faultPlanSchema.parse({
      rules: [
        { model: 'm', nth: 2, fault: null },
        { query: 'q', nth: [2, 3], fault: stall },
        { model: 'other', fault: { kind: 'server-error', billed: true } },
      ],
      rates: [{ probability: 1, fault: { kind: 'empty-content' } }],
    });
    const kindOf = (one: RequestKey): string | undefined => drawFault(ruled, 0, one)?.kind;
    expect([1, 2, 3].map((nth) => kindOf(key(nth)))).toEqual(['empty-content', undefined, 'stall']);
    expect([kindOf(key(2, 'q', 'x')), kindOf(key(9, 'z', 'other'))]).toEqual(['stall', 'server-error']);
  });

  it('lets a rule hold for a share of its requests, and the others go on to the next one', () => {
    const shared = faultPlanSchema.parse({
      rules: [
        { query: [...new Set(keys.slice(0, 400).map(({ query }) => query))], probability: 0.3, fault: stall },
        { query: keys[0]!.query, fault: { kind: 'wrong-answer' } },
      ],
    });
    const kindsOf = (some: RequestKey[]) => some.map((one) => drawFault(shared, 5, one)?.kind);
    const share = kindsOf(keys.slice(0, 400)).filter((kind) => kind === 'stall').length / 400;
    expect(share).toBeCloseTo(0.3, 1);
    expect(kindsOf(keys.slice(400, 800)).some((kind) => kind !== undefined)).toBe(false);
    const first = kindsOf(Array.from({ length: 40 }, (_, at) => key(at + 1, keys[0]!.query)));
    expect(new Set(first)).toEqual(new Set(['stall', 'wrong-answer']));
  });

  it('says which faults are billed', () => {
    const billed = (fault: object): boolean =>
      isBilled(drawFault(faultPlanSchema.parse({ rules: [{ fault }] }), 0, key(1)));
    expect(isBilled(null)).toBe(true);
    expect(['rate-limit', 'server-error'].map((kind) => billed({ kind }))).toEqual([false, false]);
    expect(billed({ kind: 'server-error', billed: true })).toBe(true);
    expect([billed({ kind: 'cut-connection' }), billed({ kind: 'cut-connection', billed: false })]).toEqual([
      true,
      false,
    ]);
    const others = [
      'stall',
      'cut-stream',
      'malformed-json',
      'empty-content',
      'wrong-usage',
      'error-with-usage',
    ];
    expect(others.every((kind) => billed({ kind }))).toBe(true);
  });

  it('refuses rates that cannot be, and unknown faults', () => {
    const rates = [
      { probability: 0.6, fault: stall },
      { probability: 0.5, fault: stall },
    ];
    expect(faultPlanSchema.safeParse({ rates }).error?.message).toMatch(/add up to more than 1/);
    expect(faultPlanSchema.safeParse({ rules: [{ fault: { kind: 'fire' } }] }).success).toBe(false);
  });
});
