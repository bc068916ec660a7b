import type pg from 'pg';
import { createLedgerMetrics } from './ledger-metrics.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { createWorkerMetrics } from './metrics.ts';
import { startMetricsServer, type MetricsAddress, type MetricsSource } from './metrics-server.ts';

export interface ServedMetrics {
  readonly url: string;
  /** Counts a worker's writes. */
  watch(ledger: Ledger): Ledger;
  close(): Promise<void>;
}

/**
 * Serves a worker's metrics in one place: what it does, what the ledger is in, and the SDK's own.
 * @param sdkAddress where the runtime serves the SDK's metrics, `host:port`; undefined where it does not.
 * @throws {Unavailable} where the port cannot be had.
 */
export async function serveMetrics(
  address: MetricsAddress,
  pool: pg.Pool,
  sdkAddress: string | undefined,
): Promise<ServedMetrics> {
  const worker = createWorkerMetrics();
  const ledger = createLedgerMetrics(pool);
  const ours = [() => worker.registry.metrics(), () => ledger.metrics()];
  const sources = sdkAddress === undefined ? ours : [...ours, sdkMetrics(sdkAddress)];
  const server = await startMetricsServer(address, sources);
  return { url: server.url, watch: (watched) => worker.watch(watched), close: () => server.close() };
}

function sdkMetrics(address: string): MetricsSource {
  return async () => {
    const response = await fetch(`http://${address}/metrics`);
    if (!response.ok) throw new Error(`Temporal's SDK answered ${response.status} for its metrics`);
    return response.text();
  };
}
