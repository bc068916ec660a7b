import type { Profile } from '../run/profiles.ts';
import { inTurns } from '../run/rounds.ts';
import { figureOf, percentile, type Figure } from '../run/statistics.ts';
import { runCleanly, type Variant, type VariantName } from '../run/variants.ts';

/** Of cascades one at a time, in milliseconds. */
export interface Latency {
  readonly profile: Profile;
  readonly p50: Figure;
  readonly p95: Figure;
  /** p50 less the loop's; null where the loop did not run. */
  readonly addedP50: number | null;
}

export type Latencies = Readonly<Partial<Record<VariantName, Latency>>>;

export async function measureLatency(
  variants: readonly Variant[],
  profile: Profile,
  { rounds, serial }: { readonly rounds: number; readonly serial: number },
): Promise<Latencies> {
  const taken = await inTurns(variants, rounds, async (variant) => {
    const { latenciesMs } = await runCleanly(variant, { kind: 'serial', profile, count: serial });
    return latenciesMs;
  });
  const figures = [...taken].map(([{ name }, byRound]) => ({
    name,
    p50: figureOf(byRound.map((latencies) => percentile(latencies, 0.5))),
    p95: figureOf(byRound.map((latencies) => percentile(latencies, 0.95))),
  }));
  const floor = figures.find(({ name }) => name === 'loop')?.p50.median ?? null;
  return Object.fromEntries(
    figures.map(({ name, p50, p95 }) => [
      name,
      { profile, p50, p95, addedP50: floor === null ? null : p50.median - floor },
    ]),
  );
}
