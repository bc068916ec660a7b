import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { formatUsd } from '../core/money.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Intent } from '../ledger/attempts.ts';
import type { Close } from '../ledger/close-attempt.ts';

/** Seconds. Models answer in a tenth of a second to minutes. */
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Labels are names of the settings and words of ours: never a tenant, a key, a query, or what a vendor calls its model. */
const OF_MODEL = ['task', 'provider', 'model', 'purpose'] as const;

export interface WorkerMetrics {
  readonly registry: Registry;
  /** The same ledger, whose writes are counted. */
  watch(ledger: Ledger): Ledger;
}

/** Counts what this worker does, by what it writes into the ledger. Every count begins anew with its process. */
export function createWorkerMetrics(): WorkerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const opened = new Map<string, Intent & { readonly expiresAt: number }>();

  const attempts = new Counter({
    name: 'escalier_attempts_total',
    help: 'Requests to providers that this worker closed, by how they ended.',
    labelNames: [...OF_MODEL, 'status'],
    registers,
  });
  const unopened = new Counter({
    name: 'escalier_calls_without_request_total',
    help: 'Calls that made no request: already paid for (found), over a limit (denied), of a cancelled run (cancelled), or of a query that has to be opened again first (lost).',
    labelNames: [...OF_MODEL, 'reason'],
    registers,
  });
  const seconds = new Histogram({
    name: 'escalier_attempt_seconds',
    help: 'How long requests to providers took.',
    labelNames: ['provider', 'model'],
    buckets: SECONDS,
    registers,
  });
  const cost = new Counter({
    name: 'escalier_cost_usd_total',
    help: 'What closed requests cost: at least (low) and at most (high). A float, for graphs; the ledger is exact.',
    labelNames: [...OF_MODEL, 'bound'],
    registers,
  });
  const unbounded = new Counter({
    name: 'escalier_attempts_unbounded_total',
    help: 'Closed requests whose cost nothing bounds: they are missing in the high bound.',
    labelNames: OF_MODEL,
    registers,
  });
  const queries = new Counter({
    name: 'escalier_queries_total',
    help: 'Queries that this worker ended, by outcome and served model. An end that had to be repeated is counted again.',
    labelNames: ['outcome', 'model'],
    registers,
  });
  const querySeconds = new Histogram({
    name: 'escalier_query_seconds',
    help: 'From the start of a query to its end.',
    labelNames: ['outcome'],
    buckets: SECONDS,
    registers,
  });
  const orphaned = new Counter({
    name: 'escalier_attempts_orphaned_total',
    help: 'Open attempts of lost processes that sweeps of this worker closed.',
    registers,
  });
  new Gauge({
    name: 'escalier_attempts_in_flight',
    help: 'Requests of this worker that are under way.',
    registers,
    collect() {
      // A close that failed for good leaves its entry behind; the sweeper closes the row.
      for (const [id, { expiresAt }] of opened) if (expiresAt < Date.now()) opened.delete(id);
      this.set(opened.size);
    },
  });

  const countClose = (close: Close): void => {
    const intent = opened.get(close.attemptId);
    if (intent === undefined || !opened.delete(close.attemptId)) return;
    const labels = ofModel(intent);
    attempts.inc({ ...labels, status: close.status });
    seconds.observe({ provider: intent.provider, model: intent.model }, close.latencyMs / 1_000);
    cost.inc({ ...labels, bound: 'low' }, usd(close.cost.low));
    if (close.cost.high === null) unbounded.inc(labels);
    else cost.inc({ ...labels, bound: 'high' }, usd(close.cost.high));
  };
  const watch = (ledger: Ledger): Ledger => ({
    ...ledger,
    async openAttempt(intent, closing) {
      const result = await ledger.openAttempt(intent, closing);
      if (closing !== undefined) countClose(closing);
      if (result.type === 'opened') {
        opened.set(result.attemptId, { ...intent, expiresAt: Date.now() + intent.expiresInMs });
      } else {
        unopened.inc({ ...ofModel(intent), reason: result.type });
      }
      return result;
    },
    async closeAttempt(close) {
      await ledger.closeAttempt(close);
      countClose(close);
    },
    async endQuery(end, closing) {
      const result = await ledger.endQuery(end, closing);
      if (closing !== undefined) countClose(closing);
      if (result.type === 'ended') {
        queries.inc({ outcome: end.outcome, model: end.servedModel ?? '' });
        querySeconds.observe({ outcome: end.outcome }, (Date.now() - Date.parse(end.startedAt)) / 1_000);
      }
      return result;
    },
    async orphanExpired(limit) {
      const count = await ledger.orphanExpired(limit);
      orphaned.inc(count);
      return count;
    },
  });
  return { registry, watch };
}

function ofModel({ task, provider, model, purpose }: Intent): Record<(typeof OF_MODEL)[number], string> {
  return { task, provider, model, purpose };
}

/** For graphs only. */
function usd(picodollars: bigint): number {
  return Number(formatUsd(picodollars));
}
