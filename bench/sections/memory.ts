import pg from 'pg';
import { residentBytes } from '../run/cpu.ts';
import { runCleanly, type Variant } from '../run/variants.ts';

export interface Memory {
  readonly cascades: number;
  /** The worker's resident memory in MB: at first, and after each tenth of the cascades. */
  readonly residentMb: readonly number[];
  /** How much of it came after the first third, relative to what was there then. */
  readonly growth: number;
  /** What a cascade adds to the ledger's tables and indexes, in bytes. */
  readonly ledgerBytes: number;
}

const STEPS = 10;
const WARM_STEPS = 3;

export async function measureMemory(
  variant: Variant,
  ledgerUrl: string,
  { cascades, atOnce }: { readonly cascades: number; readonly atOnce: number },
): Promise<Memory> {
  const count = Math.ceil(cascades / STEPS);
  const resident = async (): Promise<number> => (await residentBytes(variant.child.pid)) / 1e6;
  const residentMb = [await resident()];
  const ledgerBefore = await ledgerSize(ledgerUrl);
  for (let step = 0; step < STEPS; step += 1) {
    await runCleanly(variant, { kind: 'all', profile: 'instant', atOnce, count });
    residentMb.push(await resident());
  }
  const warm = Math.max(...residentMb.slice(0, WARM_STEPS + 1));
  const late = residentMb.slice(WARM_STEPS + 1);
  const settled = late.reduce((sum, megabytes) => sum + megabytes, 0) / late.length;
  const ledgerBytes = ((await ledgerSize(ledgerUrl)) - ledgerBefore) / (count * STEPS);
  return { cascades: count * STEPS, residentMb, growth: settled / warm - 1, ledgerBytes };
}

async function ledgerSize(ledgerUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: ledgerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ bytes: string }>(
      'select pg_database_size(current_database()) as bytes',
    );
    return Number(rows[0]?.bytes);
  } finally {
    await client.end();
  }
}
