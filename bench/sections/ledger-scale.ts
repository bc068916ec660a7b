import { cpus } from 'node:os';
import { openDatabase } from '../../ledger/database.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import { policy } from '../ledger/requests.ts';
import { startChild } from '../run/child.ts';
import { cpuBetween, cpuOf } from '../run/cpu.ts';
import type { World } from '../run/world.ts';

export interface LedgerScale {
  readonly workers: number;
  /** Attempts opened and closed. */
  readonly perSecond: number;
  /** Cores in use, of this machine's: by the workers, and by Postgres. */
  readonly workerCores: number;
  readonly postgresCores: number;
  readonly cores: number;
}

const WORKERS = [1, 2, 4];
/** Attempts that each worker has under way. */
const AT_ONCE = 16;

/** The ledger's writes without the calls: how they scale with workers. */
export async function measureLedgerScale(world: World, seconds: number): Promise<LedgerScale[]> {
  const pool = openDatabase({ url: world.ledgerUrl });
  await applyPolicies(pool, [policy], []).finally(() => pool.end());
  const results: LedgerScale[] = [];
  for (const workers of WORKERS) results.push(await measure(world, workers, seconds));
  return results;
}

async function measure(world: World, workers: number, seconds: number): Promise<LedgerScale> {
  const orders = { upstreamUrl: world.upstreamUrl, databaseUrl: world.ledgerUrl };
  const children = await Promise.all(
    Array.from({ length: workers }, () => startChild('ledger-writer', orders)),
  );
  try {
    const warm = { kind: 'sustained', profile: 'instant', atOnce: AT_ONCE, seconds: 1 } as const;
    await Promise.all(children.map((child) => child.run(warm)));
    const processes = Object.fromEntries(children.map(({ pid }, index) => [`worker-${index}`, pid]));
    const before = await cpuOf({ ...processes, postgres: world.postgres.pid });
    const begun = performance.now();
    const done = await Promise.all(children.map((child) => child.run({ ...warm, seconds })));
    const taken = (performance.now() - begun) / 1_000;
    const used = cpuBetween(before, await cpuOf({ ...processes, postgres: world.postgres.pid }));
    const failures = done.flatMap((each) => Object.keys(each.failures));
    if (failures.length > 0) throw new Error(`the ledger refused writes: ${failures.join('; ')}`);
    const attempts = done.reduce((sum, { latenciesMs }) => sum + latenciesMs.length, 0);
    const { postgres = 0, ...writers } = used;
    const workerCpu = Object.values(writers).reduce((sum, cpu) => sum + cpu, 0);
    return {
      workers,
      perSecond: attempts / taken,
      workerCores: workerCpu / taken,
      postgresCores: postgres / taken,
      cores: cpus().length,
    };
  } finally {
    await Promise.all(children.map((child) => child.stop()));
  }
}
