import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, inject } from 'vitest';
import type { Ports } from '../../activities/index.ts';
import type { Policy, PolicyModel } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';
import { createLedger } from '../../ledger/ledger.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import type { ModelOutcome, ModelRequest, RequestFacts } from '../../providers/provider.ts';
import { inputTokenBound } from '../../providers/token-bound.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { startWorker, type CascadeWorker } from '../../worker/worker.ts';
import { useDatabase, type TestDatabase } from './database.ts';

/** What a fake vendor does with a request. It is given the request and its number for that model, from 1. */
export type Vendor = (
  request: ModelRequest,
  nth: number,
  signal: AbortSignal,
) => ModelOutcome | Promise<ModelOutcome>;

export interface World {
  readonly database: TestDatabase;
  readonly client: Client;
  readonly taskQueue: string;
  /** Every request that reached the vendor, in order. */
  readonly requests: ModelRequest[];
  vendor: Vendor;
  apply(...policies: Policy[]): Promise<void>;
}

/**
 * A worker on the real Temporal and a real Postgres, with a vendor that tests script. Nothing is cached between workflow
 * tasks, so that every task replays the workflow from its history.
 */
export function useWorld(): World {
  const database = useDatabase();
  const taskQueue = `test-${randomUUID()}`;
  const requests: ModelRequest[] = [];
  let worker: CascadeWorker;
  let connection: Connection;
  let client: Client;
  const world: World = {
    database,
    taskQueue,
    requests,
    vendor: () => answered('42'),
    get client() {
      return client;
    },
    async apply(...policies) {
      await applyPolicies(database.pool, policies);
    },
  };
  beforeAll(async () => {
    connection = await Connection.connect({ address: inject('temporalAddress') });
    client = new Client({ connection });
    worker = await startWorker({
      address: inject('temporalAddress'),
      namespace: 'default',
      taskQueue,
      ports: fakePorts(world),
      maxCachedWorkflows: 0,
    });
  });
  afterAll(async () => {
    await worker.stop();
    await connection.close();
  });
  return world;
}

export function fakePorts(world: Pick<World, 'database' | 'requests' | 'vendor'>): Ports {
  const scorers = createScorerRegistry();
  const counts = new Map<string, number>();
  return {
    ledger: createLedger(world.database.pool, null),
    provider: (name) =>
      name !== 'vendor'
        ? undefined
        : {
            provider: {
              name,
              async request(request, signal) {
                world.requests.push(request);
                const nth = (counts.get(request.modelId) ?? 0) + 1;
                counts.set(request.modelId, nth);
                return world.vendor(request, nth, signal);
              },
            },
            catalogue: () => null,
            problem: null,
          },
    scorer: (spec) => scorers.create(spec),
    inputTokenBound,
    worker: 'test',
  };
}

const FACTS: RequestFacts = {
  usage: null,
  reportedCostUsd: null,
  responseId: null,
  requestId: null,
  reportedModel: null,
  httpStatus: 200,
  latencyMs: 1,
  timeToFirstTokenMs: null,
  billed: 'maybe',
};

/** A response of 100 input and 10 output tokens. */
export function answered(text: string): ModelOutcome {
  return {
    ...FACTS,
    type: 'answered',
    usage: {
      inputTokens: 100,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      inputAudioTokens: 0,
      outputTokens: 10,
      reasoningTokens: 0,
      outputAudioTokens: 0,
    },
    response: { text, message: { role: 'assistant', content: text }, finishReason: 'stop', logprobs: null },
  };
}

export function failed(
  kind: Extract<ModelOutcome, { type: 'failed' }>['kind'],
  options: { retryAfterMs?: number; billed?: 'no' | 'maybe' } = {},
): ModelOutcome {
  return {
    ...FACTS,
    type: 'failed',
    kind,
    message: `the vendor said ${kind}`,
    retryAfterMs: options.retryAfterMs ?? null,
    response: null,
    billed: options.billed ?? 'no',
  };
}

/** A request that hangs until it is aborted. */
export function hanging(signal: AbortSignal): Promise<ModelOutcome> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve({ ...FACTS, type: 'cancelled', httpStatus: null });
    });
  });
}

export function priceOf(inputUsdPerMtok: string, outputUsdPerMtok: string): Price {
  return {
    id: `test-${inputUsdPerMtok}-${outputUsdPerMtok}`,
    source: 'test',
    from: null,
    daily: null,
    rates: { input: inputUsdPerMtok, output: outputUsdPerMtok },
  };
}

export function modelOf(
  model: string,
  price: Price | 'unknown',
  overrides: Partial<PolicyModel> = {},
): PolicyModel {
  return {
    model,
    provider: 'vendor',
    modelId: model,
    parameters: {},
    maxOutputTokens: 1000,
    timeoutMs: 10_000,
    maxAttempts: 3,
    stream: false,
    price: price === 'unknown' ? 'unknown' : [price],
    expectedUsdPerMtok: null,
    ...overrides,
  };
}

/** small ($1/$2 per Mtok), medium ($5/$10), large ($50/$100); agreement of two accepts. */
export function policyOf(task: string, overrides: Partial<Policy> = {}): Policy {
  const chain = overrides.chain ?? [
    modelOf('small', priceOf('1', '2')),
    modelOf('medium', priceOf('5', '10')),
    modelOf('large', priceOf('50', '100')),
  ];
  return {
    task,
    chain,
    thresholds: chain.map(() => 0.6),
    scorer: { name: 'agreement', options: {}, models: [], remote: false, scoresLastStage: true },
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    tokenProfile: { input: 3, output: 1, cachedInput: 0 },
    ...overrides,
  };
}
