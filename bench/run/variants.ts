import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import proto from '@temporalio/proto';
import { startChild, type Child } from './child.ts';
import type { Job } from './jobs.ts';
import { installPeer, peerFolder, startGateway, type Peer } from './peers.ts';
import type { Execution } from './policies.ts';
import type { World } from './world.ts';

export const VARIANTS = [
  'loop',
  'naive-stock',
  'naive-tuned',
  'durable-plain',
  'durable-eager',
  'inline-plain',
  'inline-eager',
  'least',
  'litellm',
  'portkey',
  'dbos',
] as const;
export type VariantName = (typeof VARIANTS)[number];

export const TITLES: Readonly<Record<VariantName, string>> = {
  loop: 'loop in the process',
  'naive-stock': 'naive, stock dev server, plain client',
  'naive-tuned': 'naive, tuned dev server, plain client',
  'durable-plain': 'Escalier durable, plain client',
  'durable-eager': 'Escalier durable, eager client',
  'inline-plain': 'Escalier inline, plain client',
  'inline-eager': 'Escalier inline, eager client',
  least: 'one local activity, three commits, eager client',
  litellm: 'LiteLLM proxy, two calls',
  portkey: 'Portkey gateway, two calls',
  dbos: 'DBOS, two steps a stage',
};

/** A variant that runs: ready for jobs. */
export interface Variant {
  readonly name: VariantName;
  /** Its process with the callers, which for Temporal's variants and DBOS is the worker as well. */
  readonly child: Child;
  /** Processes to account for, by role: `temporal`, `postgres`, `gateway`, and `worker` or `caller`. */
  readonly processes: Readonly<Record<string, number>>;
  /** Where its workflows are, for variants on Temporal. */
  readonly temporalAddress: string | null;
  /** Of the database that it writes to, for those that do. */
  readonly databaseUrl: string | null;
  stop(): Promise<void>;
}

/** @throws {Error} one line that says why the variant cannot be run here. */
export async function startVariant(
  name: VariantName,
  world: World,
  say: (line: string) => void,
): Promise<Variant> {
  switch (name) {
    case 'loop': {
      const child = await startChild('loop', { upstreamUrl: world.upstreamUrl });
      return variant(name, child, { caller: child.pid });
    }
    case 'naive-stock':
    case 'naive-tuned':
    case 'least':
      return startBare(name, world);
    case 'durable-plain':
    case 'durable-eager':
    case 'inline-plain':
    case 'inline-eager':
      return startEscalier(name, world);
    case 'litellm':
    case 'portkey':
      return startBehindGateway(name, world, say);
    case 'dbos':
      return startDbos(world, say);
  }
}

function variant(
  name: VariantName,
  child: Child,
  processes: Readonly<Record<string, number>>,
  rest: Partial<Pick<Variant, 'temporalAddress' | 'databaseUrl' | 'stop'>> = {},
): Variant {
  const nothing = { temporalAddress: null, databaseUrl: null, stop: () => child.stop() };
  return { name, child, processes, ...nothing, ...rest };
}

async function startBare(name: 'naive-stock' | 'naive-tuned' | 'least', world: World): Promise<Variant> {
  const temporal = await (name === 'naive-stock' ? world.stockTemporal() : world.tunedTemporal());
  const { address: temporalAddress, pid } = temporal;
  const databaseUrl = await world.createDatabase(name);
  const { upstreamUrl } = world;
  const child = await startChild(name === 'least' ? 'least' : 'naive', {
    upstreamUrl,
    temporalAddress,
    databaseUrl,
  });
  const processes = { temporal: pid, postgres: world.postgres.pid, worker: child.pid };
  return variant(name, child, processes, { temporalAddress, databaseUrl });
}

async function startEscalier(
  name: 'durable-plain' | 'durable-eager' | 'inline-plain' | 'inline-eager',
  world: World,
): Promise<Variant> {
  const { address: temporalAddress, pid } = await world.tunedTemporal();
  const { upstreamUrl, ledgerUrl: databaseUrl } = world;
  const execution: Execution = name.startsWith('inline') ? 'inline' : 'durable';
  const eager = name.endsWith('eager');
  const child = await startChild('escalier', { upstreamUrl, temporalAddress, databaseUrl, execution, eager });
  const processes = { temporal: pid, postgres: world.postgres.pid, worker: child.pid };
  const started = variant(name, child, processes, { temporalAddress, databaseUrl });
  if (execution === 'inline' && (await callsAreActivities(started))) {
    await child.stop();
    throw new Error('this build executes no calls inline');
  }
  return started;
}

/** Whether model calls are scheduled on the server: a build that knows no inline execution ignores that it is asked for. */
async function callsAreActivities(variant: Variant): Promise<boolean> {
  const { events } = await oneHistory(variant);
  return events.some(({ activity }) => activity === 'call');
}

async function startBehindGateway(
  name: 'litellm' | 'portkey',
  world: World,
  say: (line: string) => void,
): Promise<Variant> {
  await installPeer(name, say);
  const { upstreamUrl } = world;
  const gateway = await startGateway(name, world.folder, upstreamUrl);
  const child = await startChild('gateway', { upstreamUrl, gateway: name, gatewayUrl: gateway.url });
  const processes = { gateway: gateway.pid, caller: child.pid };
  return variant(name, child, processes, {
    async stop() {
      await child.stop();
      await gateway.stop();
    },
  });
}

async function startDbos(world: World, say: (line: string) => void): Promise<Variant> {
  const peer: Peer = 'dbos';
  await installPeer(peer, say);
  const databaseUrl = await world.createDatabase(peer);
  const module = pathToFileURL(join(peerFolder(peer), 'cascade.js')).href;
  const child = await startChild('dbos', { upstreamUrl: world.upstreamUrl, databaseUrl, module });
  return variant(peer, child, { postgres: world.postgres.pid, worker: child.pid }, { databaseUrl });
}

/** Runs a job. @throws {Error} when a cascade failed: a figure of failures is none. */
export async function runCleanly(variant: Variant, job: Job) {
  const done = await variant.child.run(job);
  const failures = Object.entries(done.failures);
  if (failures.length > 0) {
    const told = failures.map(([message, count]) => `${count} × ${message}`).join('; ');
    throw new Error(`${variant.name}: cascades failed: ${told}`);
  }
  return done;
}

export interface HistoryEvent {
  /** As in `EVENT_TYPE_ACTIVITY_TASK_SCHEDULED`, without the prefix. */
  readonly type: string;
  /** The activity's type, of a scheduled one. */
  readonly activity: string | null;
}

/** Runs one cascade, and reads its history. */
export async function oneHistory(
  variant: Variant,
): Promise<{ readonly events: readonly HistoryEvent[]; readonly bytes: number }> {
  const { lastId } = await runCleanly(variant, { kind: 'serial', profile: 'instant', count: 1 });
  if (lastId === null || variant.temporalAddress === null)
    throw new Error(`${variant.name} has no histories`);
  const connection = await Connection.connect({ address: variant.temporalAddress });
  try {
    const handle = new Client({ connection }).workflow.getHandle(lastId);
    const { events } = await handle.fetchHistory();
    const { raw } = await handle.describe();
    return {
      events: (events ?? []).map((event) => ({
        type: eventName(event.eventType ?? 0),
        activity: event.activityTaskScheduledEventAttributes?.activityType?.name ?? null,
      })),
      bytes: Number(raw.workflowExecutionInfo?.historySizeBytes ?? 0),
    };
  } finally {
    await connection.close();
  }
}

function eventName(type: number): string {
  return (proto.temporal.api.enums.v1.EventType[type] ?? String(type)).replace('EVENT_TYPE_', '');
}
