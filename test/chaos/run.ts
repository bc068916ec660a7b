import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Escalier, type CascadeAnswer } from '../../client/index.ts';
import { simulateAll } from '../../cli/demo/check.ts';
import { packageFolder } from '../../cli/package-folder.ts';
import type { Policy } from '../../core/policy.ts';
import { openDatabase } from '../../ledger/database.ts';
import { migrate } from '../../ledger/migrate.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import { makeFolder } from '../../local/make-folder.ts';
import type pg from 'pg';
import type { RecordedQuery } from '../../recorded/format.ts';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import { startReplay, type ReplayServer } from '../../replay/server.ts';
import { audit } from './audit.ts';
import { readLedger, type Books } from './books.ts';
import { startServers, type Servers } from './cast.ts';
import { Conductor } from './conductor.ts';
import { askUntilKnown, drive, type Asked } from './driver.ts';
import { planKills } from './kill-plan.ts';
import { chaosPolicy, inlineTask, VENDOR_FAULTS, VENDOR_LATENCY } from './policy.ts';
import { tallyOf, type Tally } from './tally.ts';

export interface ChaosOptions {
  readonly kills: number;
  readonly seed: number;
  /** Queries under way at once, while there are kills left. */
  readonly queries: number;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (line: string) => void;
  /** Ends every process that was started, and the run with an error. */
  readonly signal: AbortSignal;
}

const TASK_QUEUE = 'chaos';
const ASKING_AGAIN_AT_ONCE = 20;
const PROGRESS_EVERY_MS = 15_000;
/** The audit tells what is not ended by then. */
const SWEPT_WITHIN_MS = 180_000;

/** One run from empty servers to the tally. Its data is kept where a check failed. */
export async function runChaos(options: ChaosOptions): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'escalier-chaos-'));
  // As root, Postgres runs as another user, who must be able to enter.
  await makeFolder(folder, process.getuid?.() === 0);
  const set = await readRecordedSet(join(packageFolder(), 'demo', 'recorded'));
  const vendor = await startReplay({
    set,
    seed: options.seed,
    faults: VENDOR_FAULTS,
    latency: VENDOR_LATENCY,
  });
  try {
    const servers = await startServers(folder, options.env);
    try {
      const tally = await perform(options, set, vendor, servers);
      if (tally.ok) await rm(folder, { recursive: true, force: true });
      else options.onProgress(`The data of the failed run stays in ${folder}`);
      return tally;
    } finally {
      await servers.temporal.stop();
      await servers.postgres.stop();
    }
  } finally {
    await vendor.close();
  }
}

async function perform(
  { kills, seed, queries, onProgress, signal }: ChaosOptions,
  set: RecordedSet,
  vendor: ReplayServer,
  servers: Servers,
): Promise<Tally> {
  const startedAt = Date.now();
  await migrate(servers.databaseUrl);
  const pool = openDatabase({ url: servers.databaseUrl, applicationName: 'chaos' });
  const client = new Escalier({ address: servers.temporalAddress, taskQueue: TASK_QUEUE });
  const plan = planKills(seed, kills);
  const policy = chaosPolicy(set);
  await applyPolicies(pool, [policy, { ...policy, task: inlineTask(policy.task), execution: 'inline' }]);
  const conductor = new Conductor(plan, servers, {
    databaseUrl: servers.databaseUrl,
    temporalAddress: servers.temporalAddress,
    vendorUrl: vendor.url,
    taskQueue: TASK_QUEUE,
  });
  const progress = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAt) / 1_000);
    onProgress(
      `${seconds} s: ${conductor.killed} of ${kills} kills, ${vendor.meter.entries().length} requests`,
    );
  }, PROGRESS_EVERY_MS);
  try {
    const [asked] = await Promise.race([
      aborted(signal),
      Promise.all([
        drive(client, everyOtherInline(set.queries), { atOnce: queries, seed, enough: () => conductor.done }),
        conductor.strikeAll(plan),
      ]),
    ]);
    onProgress(`${conductor.killed} kills and ${asked.length} queries done: asking every key again`);
    const before = vendor.meter.entries().length;
    await untilSwept(pool);
    const again = await askAgain(client, asked);
    await conductor.stop();
    const meter = vendor.meter.entries();
    const books: Books = {
      ...(await readLedger(pool)),
      meter,
      asked,
      again,
      requestsOfAskingAgain: meter.length - before,
      exits: conductor.exits,
      predicted: await predictions(set, policy),
    };
    const seconds = (Date.now() - startedAt) / 1_000;
    return tallyOf(books, audit(books), { seed, seconds, kills: conductor.kills });
  } finally {
    clearInterval(progress);
    await conductor.abandon();
    await client.close();
    await pool.end();
  }
}

function everyOtherInline(queries: readonly RecordedQuery[]): RecordedQuery[] {
  return queries.map((query, index) =>
    index % 2 === 0 ? query : { ...query, task: inlineTask(query.task) },
  );
}

/**
 * A sweep makes an end again that died with Postgres, and closes rows whose time is over: those of an inline climb that was made
 * again after a crash, and then ended at an earlier stage. They come every minute, and leave the youngest queries alone.
 */
async function untilSwept(pool: pg.Pool): Promise<void> {
  const givesUpAt = Date.now() + SWEPT_WITHIN_MS;
  while (Date.now() < givesUpAt) {
    const { rowCount } = await pool.query(
      `select from queries where status = 'running' union all select from attempts where status = 'started' limit 1`,
    );
    if (rowCount === 0) return;
    await sleep(500);
  }
}

/** @throws the signal's reason, when it comes. */
async function aborted(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw signal.reason;
}

/** A query that ended without an answer goes on when it is asked again, as it should: those are left out. */
async function askAgain(
  client: Escalier,
  asked: readonly Asked[],
): Promise<Map<string, CascadeAnswer | null>> {
  const again = new Map<string, CascadeAnswer | null>();
  const queue = asked.filter(({ answer }) => answer !== null).values();
  const caller = async (): Promise<void> => {
    for (const { key, query } of queue) again.set(key, (await askUntilKnown(client, key, query)).answer);
  };
  await Promise.all(Array.from({ length: ASKING_AGAIN_AT_ONCE }, caller));
  // A request that it made would be at the vendor by now.
  await sleep(1_000);
  return again;
}

/** What the simulator says of every query, with the text that would be served. */
async function predictions(set: RecordedSet, policy: Policy): Promise<Books['predicted']> {
  const simulated = await simulateAll(set, policy, set.queries);
  return new Map(
    simulated.map((query) => {
      const model = policy.chain[query.servedStage ?? -1]?.model ?? '';
      return [query.id, { ...query, text: set.responses.get(model)?.get(query.id)?.text ?? null }];
    }),
  );
}
