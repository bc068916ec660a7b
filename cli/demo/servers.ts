import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SEARCH_ATTRIBUTE_TYPES } from '../../core/search-attributes.ts';
import { migrate } from '../../ledger/migrate.ts';
import { freePort, portOr } from '../../local/ports.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { startReplay, type ReplayServer } from '../../replay/server.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { aborted } from '../aborted.ts';
import type { Context } from '../context.ts';
import { createLog, hostWorker, type HostedWorker } from '../host-worker.ts';
import { REPLAY } from './policy.ts';

/** What a demonstration runs on. */
export interface DemoServers {
  readonly replay: ReplayServer;
  readonly stack: Stack;
  readonly worker: HostedWorker;
  stop(): Promise<void>;
}

export interface DemoServersOptions {
  readonly set: RecordedSet;
  /** Of the folder beneath the data folder that is made anew. */
  readonly name: string;
  /** Of the faults that are drawn. Default 0. */
  readonly seed?: number;
  /** Least level of the worker's log, which is JSON on standard error. Default `warn`. */
  readonly log?: 'warn' | 'error';
}

/** The usual ports of Temporal and its UI, where they are free. */
const TEMPORAL_PORT = 7233;
const TEMPORAL_UI_PORT = 8233;

/** Real Temporal, real Postgres with an empty ledger, a worker, and recorded responses in the place of the vendors. */
export async function startDemoServers(context: Context, options: DemoServersOptions): Promise<DemoServers> {
  const { set, name, seed = 0, log = 'warn' } = options;
  const folder = join(context.dataFolder, name);
  await rm(folder, { recursive: true, force: true });
  const replay = await startReplay({ set, port: 0, seed });
  let stack: Stack | undefined;
  try {
    stack = await startStack({
      dataFolder: folder,
      cacheFolder: context.cacheFolder,
      env: { ...context.env, DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined },
      ports: {
        postgres: await freePort(),
        temporal: await portOr(TEMPORAL_PORT),
        temporalUi: await portOr(TEMPORAL_UI_PORT),
      },
      searchAttributes: SEARCH_ATTRIBUTE_TYPES,
      onProgress: context.say,
      signal: context.signal,
    });
    await migrate(stack.databaseUrl);
    const worker = await hostWorker(context, {
      settings: { providers: new Map([[REPLAY, replayProvider(replay.url)]]), warnings: [] },
      scorers: createScorerRegistry(),
      databaseUrl: stack.databaseUrl,
      temporalAddress: stack.temporalAddress,
      namespace: 'default',
      embedded: true,
      log: createLog(log),
    });
    const started = stack;
    return {
      replay,
      stack,
      worker,
      async stop() {
        await worker.stop();
        await started.stop();
        await replay.close();
      },
    };
  } catch (error) {
    await stack?.stop();
    await replay.close();
    throw error;
  }
}

/** Leaves the servers up until Ctrl-C, or until the worker fails. */
export async function stayUp(context: Context, { worker }: DemoServers): Promise<void> {
  context.say('\nThe servers stay up until Ctrl-C.');
  await Promise.race([worker.done, aborted(context.signal)]);
}

function replayProvider(url: string) {
  return {
    name: REPLAY,
    kind: 'openai-compatible' as const,
    title: 'the replay provider',
    baseUrl: url,
    keyEnv: null,
    keyRequired: false,
    headers: {},
    query: {},
    priceProvider: null,
  };
}
