import type { JobDone } from '../run/jobs.ts';
import { cpuBetween, cpuOf } from '../run/cpu.ts';
import type { Profile } from '../run/profiles.ts';
import { inTurns } from '../run/rounds.ts';
import { figureOf, type Figure } from '../run/statistics.ts';
import { runCleanly, type Variant, type VariantName } from '../run/variants.ts';

export interface Throughput {
  readonly perSecond: Figure;
  /** CPU per cascade, in milliseconds, by role. */
  readonly cpuMs: Readonly<Record<string, Figure>>;
  /** Of Temporal and of the worker together, or of gateway and caller: without Postgres. */
  readonly serverAndWorkerMs: Figure;
}

export type Throughputs = Readonly<Partial<Record<VariantName, Throughput>>>;

export async function measureThroughput(
  variants: readonly Variant[],
  profile: Profile,
  options: { readonly rounds: number; readonly seconds: number; readonly atOnce: number },
): Promise<Throughputs> {
  const { rounds, seconds, atOnce } = options;
  const taken = await inTurns(variants, rounds, async (variant) => {
    const before = await cpuOf(variant.processes);
    const done = await runCleanly(variant, { kind: 'sustained', profile, atOnce, seconds });
    const used = cpuBetween(before, await cpuOf(variant.processes));
    const cpuMs = Object.fromEntries(
      Object.entries(used).map(([role, cpu]) => [role, (cpu * 1_000) / done.endedAtMs.length]),
    );
    return { perSecond: steadyRate(done, atOnce), cpuMs };
  });
  return Object.fromEntries(
    [...taken].map(([{ name, processes }, byRound]) => {
      const roles = Object.keys(processes);
      const cpuMs = Object.fromEntries(
        roles.map((role) => [role, figureOf(byRound.map((round) => round.cpuMs[role] ?? Number.NaN))]),
      );
      const together = byRound.map((round) =>
        roles.reduce((sum, role) => (role === 'postgres' ? sum : sum + (round.cpuMs[role] ?? 0)), 0),
      );
      const perSecond = figureOf(byRound.map((round) => round.perSecond));
      return [name, { perSecond, cpuMs, serverAndWorkerMs: figureOf(together) }];
    }),
  );
}

/** Per second, while all callers were busy: from the first that many ends, which began together, to the last start. */
function steadyRate({ endedAtMs, lastStartMs }: JobDone, atOnce: number): number {
  const from = endedAtMs[atOnce - 1] ?? Number.NaN;
  const counted = endedAtMs.filter((at) => at > from && at <= lastStartMs).length;
  return counted / ((lastStartMs - from) / 1_000);
}
