import type { Variant } from './variants.ts';

/**
 * Lets the variants take turns, so that a slow minute of the machine hits all of them; each round begins with another one.
 * @returns what each round gave, by variant.
 */
export async function inTurns<Result>(
  variants: readonly Variant[],
  rounds: number,
  measure: (variant: Variant) => Promise<Result>,
): Promise<ReadonlyMap<Variant, readonly Result[]>> {
  const results = new Map<Variant, Result[]>(variants.map((variant) => [variant, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < variants.length; turn += 1) {
      const variant = variants[(round + turn) % variants.length];
      if (variant === undefined) continue;
      results.get(variant)?.push(await measure(variant));
    }
  }
  return results;
}
