import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { pino } from 'pino';
import { inject } from 'vitest';
import type { Context } from '../../cli/context.ts';
import { hostWorker, type HostedWorker } from '../../cli/host-worker.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import type { ProviderSettings } from '../../settings/providers.ts';
import type { MetricsAddress } from '../../worker/index.ts';

/** The command line's task queue has a fixed name, so each test file that uses it has a namespace of its own. */
export async function createNamespace(): Promise<string> {
  const namespace = `test-${randomUUID()}`;
  const connection = await Connection.connect({ address: inject('temporalAddress') });
  try {
    const DAY_SECONDS = 86_400;
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: DAY_SECONDS as never },
    });
    // Its frontends learn of a namespace a moment later.
    const givesUpAt = Date.now() + 30_000;
    for (;;) {
      try {
        await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
        return namespace;
      } catch (error) {
        if (Date.now() > givesUpAt) throw error;
        await sleep(100);
      }
    }
  } finally {
    await connection.close();
  }
}

export interface FakeContext extends Context {
  readonly printed: string[];
  readonly said: string[];
}

/** A command's context without a terminal. */
export function fakeContext(
  env: Context['env'],
  options: { json?: boolean; signal?: AbortSignal; onSay?: (text: string) => void } = {},
): FakeContext {
  const { json = false, signal = new AbortController().signal, onSay } = options;
  const printed: string[] = [];
  const said: string[] = [];
  return {
    env,
    json,
    interactive: false,
    printed,
    said,
    out: (text) => void printed.push(text),
    say(text) {
      said.push(text);
      onSay?.(text);
    },
    signal,
    dataFolder: '/nonexistent/escalier',
    cacheFolder: '/nonexistent/escalier',
  };
}

/** The worker as the command line hosts it. */
export function hostTestWorker(
  env: Record<string, string>,
  providers: ReadonlyMap<string, ProviderSettings>,
  metrics: MetricsAddress | null = null,
): Promise<HostedWorker> {
  return hostWorker(fakeContext(env), {
    settings: { providers, warnings: [] },
    scorers: createScorerRegistry(),
    databaseUrl: env['DATABASE_URL'] ?? '',
    temporalAddress: env['TEMPORAL_ADDRESS'] ?? '',
    namespace: env['TEMPORAL_NAMESPACE'] ?? '',
    log: pino({ level: 'error' }),
    metrics,
  });
}
