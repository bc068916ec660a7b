import pg from 'pg';
import { cpuBetween, cpuOf, residentBytes, type CpuByRole } from '../run/cpu.ts';
import { MODELS } from '../run/profiles.ts';
import type { Variant } from '../run/variants.ts';
import type { World } from '../run/world.ts';

export interface Waiting {
  readonly cascades: number;
  /** That the model of each stage takes. */
  readonly waitSeconds: number;
  /** Requests that waited at the models at once, at most. */
  readonly mostWaiting: number;
  readonly answered: number;
  readonly failures: Readonly<Record<string, number>>;
  /** Attempts by status: more of them than the chain is long are retries. */
  readonly attempts: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** What it takes where all wait side by side. */
  readonly leastSeconds: number;
  readonly idleMb: number;
  readonly peakMb: number;
  /** Cores in use meanwhile, by role: what waiting itself costs, heartbeats above all. */
  readonly cores: CpuByRole;
}

/** Memory is looked at this often (ms). */
const EVERY_MS = 500;

/** So many cascades at once, each of which waits for a slow model at every stage, on one worker. */
export async function measureWaiting(
  variant: Variant,
  world: World,
  count: number,
  waitSeconds: number,
): Promise<Waiting> {
  const told = await fetch(`${world.upstreamUrl}/wait/${waitSeconds * 1_000}`, { method: 'PUT' });
  if (!told.ok) throw new Error(`the upstream answered ${told.status}`);
  const begunAt = new Date();
  const resident = async (): Promise<number> => (await residentBytes(variant.child.pid)) / 1e6;
  const idleMb = await resident();
  let peakMb = idleMb;
  const watch = setInterval(() => {
    void resident().then((megabytes) => {
      peakMb = Math.max(peakMb, megabytes);
    });
  }, EVERY_MS);
  const cpuBefore = await cpuOf(variant.processes);
  const begun = performance.now();
  const done = await variant.child.run({ kind: 'all', profile: 'wait', atOnce: count, count }).finally(() => {
    clearInterval(watch);
  });
  const seconds = (performance.now() - begun) / 1_000;
  const used = cpuBetween(cpuBefore, await cpuOf(variant.processes));
  const open = (await (await fetch(`${world.upstreamUrl}/open`)).json()) as { readonly mostOpen: number };
  return {
    cascades: count,
    waitSeconds,
    mostWaiting: open.mostOpen,
    answered: done.latenciesMs.length,
    failures: done.failures,
    attempts: await attemptsSince(world.ledgerUrl, begunAt),
    seconds,
    leastSeconds: MODELS.length * waitSeconds,
    idleMb,
    peakMb,
    cores: Object.fromEntries(Object.entries(used).map(([role, cpu]) => [role, cpu / seconds])),
  };
}

async function attemptsSince(ledgerUrl: string, since: Date): Promise<Record<string, number>> {
  const client = new pg.Client({ connectionString: ledgerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ status: string; attempts: number }>(
      'select status, count(*)::int as attempts from attempts where query_started_at >= $1 group by status',
      [since],
    );
    return Object.fromEntries(rows.map(({ status, attempts }) => [status, attempts]));
  } finally {
    await client.end();
  }
}
