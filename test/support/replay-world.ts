import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, inject } from 'vitest';
import { Escalier, type EscalierOptions } from '../../client/index.ts';
import { openBytes, sealBytes } from '../../codec/aes-gcm.ts';
import { parseKeys } from '../../codec/keys.ts';
import { createPayloadCodec } from '../../codec/payload-codec.ts';
import type { Policy, PolicyModel } from '../../core/policy.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ProviderKind } from '../../providers/catalogue.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import type { FaultPlanInput } from '../../replay/faults.ts';
import { startReplay, type ReplayServer } from '../../replay/server.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import type { ProviderSettings } from '../../settings/providers.ts';
import { createPorts, installRuntime, startWorker, type CascadeWorker } from '../../worker/index.ts';
import { useDatabase, type TestDatabase } from './database.ts';

const ROOT = join(import.meta.dirname, '..', '..');
export const SYNTHETIC = join(ROOT, 'demo', 'recorded');

/** A folder of real responses, by name; null where this machine has none. */
export function realSet(name: string): string | null {
  const folder = join(process.env['ESCALIER_RECORDED'] ?? join(ROOT, '..', 'shared', 'recorded'), name);
  return existsSync(folder) ? folder : null;
}

export interface ReplayWorldOptions {
  /** A recorded set. Default: the synthetic one. */
  readonly folder?: string;
  /** Of the drawn faults. */
  readonly seed?: number;
  /** Encrypts histories and texts. */
  readonly payloadKey?: string;
  /** The vendor's key, in the worker's environment. */
  readonly apiKey?: string;
  /** Further providers, looked up when the worker starts. */
  readonly providers?: () => readonly ProviderSettings[];
  /** Default: a server that speaks OpenAI's API. */
  readonly kind?: ProviderKind;
}

/** The real worker, provider, ledger and client; only the vendor is replayed, over HTTP. */
export interface ReplayWorld {
  readonly database: TestDatabase;
  readonly taskQueue: string;
  readonly set: RecordedSet;
  readonly replay: ReplayServer;
  readonly client: Escalier;
  /** In this process. */
  readonly worker: CascadeWorker;
  /** What the worker logged, as JSON lines. */
  readonly log: readonly string[];
  /** From now on; the counts of requests and the meter begin again. */
  setFaults(plan: FaultPlanInput): Promise<void>;
  apply(...policies: Policy[]): Promise<void>;
  newClient(options?: EscalierOptions): Escalier;
}

export const REPLAY = 'replay';
const KEY_ENV = 'REPLAY_API_KEY';

const log: string[] = [];

export function useReplayWorld(options: ReplayWorldOptions = {}): ReplayWorld {
  const { folder = SYNTHETIC, seed = 1, payloadKey, apiKey, kind, providers = () => [] } = options;
  const database = useDatabase();
  const taskQueue = `test-${randomUUID()}`;
  let set: RecordedSet;
  let replay: ReplayServer;
  let worker: CascadeWorker;
  let client: Escalier;
  const newClient = (own: EscalierOptions = {}): Escalier =>
    new Escalier({
      address: inject('temporalAddress'),
      taskQueue,
      ...(payloadKey === undefined ? {} : { payloadKey }),
      ...own,
    });
  beforeAll(async () => {
    installRuntime(pino({ level: 'trace' }, { write: (line: string) => void log.push(line) }));
    set = await readRecordedSet(folder, { evidence: 'all' });
    replay = await startReplay({ set, seed });
    const keys = payloadKey === undefined ? null : parseKeys(payloadKey);
    const ports = createPorts({
      pool: database.pool,
      sealer: keys && {
        seal: (bytes, about) => sealBytes(keys, bytes, about),
        open: (sealed, about) => openBytes(keys, sealed, about),
      },
      providers: new Map(
        [replayProvider(replay.url, apiKey !== undefined, kind), ...providers()].map((own) => [
          own.name,
          own,
        ]),
      ),
      scorers: createScorerRegistry(),
      env: { [KEY_ENV]: apiKey },
      worker: 'test',
    });
    worker = await startWorker({
      address: inject('temporalAddress'),
      namespace: 'default',
      taskQueue,
      ports: { ...ports, ledger: askingAtOnce(ports.ledger) },
      ...(keys === null ? {} : { payloadCodec: createPayloadCodec(keys) }),
    });
    client = newClient();
  });
  afterAll(async () => {
    await client.close();
    await worker.stop();
    await replay.close();
  });
  return {
    database,
    taskQueue,
    get set() {
      return set;
    },
    get replay() {
      return replay;
    },
    get client() {
      return client;
    },
    get worker() {
      return worker;
    },
    log,
    async setFaults(plan) {
      const origin = replay.url.replace(/\/v1$/, '');
      const response = await fetch(`${origin}/faults`, { method: 'PUT', body: JSON.stringify(plan) });
      if (!response.ok) throw new Error(await response.text());
      replay.meter.reset();
    },
    async apply(...policies) {
      await applyPolicies(database.pool, policies);
    },
    newClient,
  };
}

/** A test does not wait until a provider would have written its record of a response. */
function askingAtOnce(ledger: Ledger): Ledger {
  return {
    ...ledger,
    unsettledAttempts: (search) =>
      ledger.unsettledAttempts({ ...search, closedWithinSeconds: [0, search.closedWithinSeconds[1]] }),
  };
}

/** The settings of a provider that is a replay. */
export function replayProvider(
  baseUrl: string,
  needsKey = false,
  kind: ProviderKind = 'openai-compatible',
): ProviderSettings {
  return {
    name: REPLAY,
    kind,
    title: 'the replay provider',
    baseUrl,
    keyEnv: needsKey ? KEY_ENV : null,
    keyRequired: needsKey,
    headers: {},
    query: {},
    priceProvider: null,
  };
}

/** A policy with some fields of each of its models replaced. */
export function withModels(
  policy: Policy,
  change: (model: PolicyModel, stage: number) => Partial<PolicyModel>,
): Policy {
  return { ...policy, chain: policy.chain.map((model, stage) => ({ ...model, ...change(model, stage) })) };
}

export { inParallel } from '../../activities/in-parallel.ts';

export function askOf(query: RecordedQuery, task = query.task) {
  return { task, messages: query.messages };
}
