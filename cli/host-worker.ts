import type pg from 'pg';
import { pino, type Logger } from 'pino';
import { createPayloadCodec } from '../codec/payload-codec.ts';
import { openDatabase, requireDatabase } from '../ledger/database.ts';
import { schemaProblem } from '../ledger/migrate.ts';
import { keepPartitions } from '../ledger/partitions.ts';
import { keepReportDaysSealed } from '../ledger/seal-report-days.ts';
import type { ScorerRegistry } from '../scorers/index.ts';
import type { Settings } from '../settings/load.ts';
import { freePort } from '../local/ports.ts';
import {
  createPorts,
  installRuntime,
  missingKey,
  serveMetrics,
  startWorker,
  workerIdentity,
  type CascadeWorker,
  type MetricsAddress,
  type ServedMetrics,
} from '../worker/index.ts';
import { payloadKeys, temporalCredentials, type Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';
import { createRelearner } from './relearn/relearner.ts';
import { relearnTimes } from './relearn/times.ts';
import { sealerOf } from './sealer.ts';
import type { SettingsOfWorker } from './serving/promote-learned.ts';

export interface HostOptions {
  readonly settings: Pick<Settings, 'providers' | 'warnings'> & Partial<Pick<Settings, 'raw'>>;
  /** The whole of the settings and their file's name, for a worker that learns its tasks anew. */
  readonly relearning?: Omit<SettingsOfWorker, 'scorers'>;
  readonly scorers: ScorerRegistry;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly log: Logger;
  /** Whether Temporal is the embedded one, which takes no credentials. */
  readonly embedded?: boolean;
  /** Where metrics are served; null or absent: nowhere. */
  readonly metrics?: MetricsAddress | null;
}

export interface HostedWorker {
  readonly pool: pg.Pool;
  /** URL of the metrics; null where none are served. */
  readonly metricsUrl: string | null;
  /** For a client in this process. */
  readonly worker: CascadeWorker;
  /** Rejects when the worker dies. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Hosts a worker in this process, with everything that its activities need. */
export async function hostWorker(context: Context, options: HostOptions): Promise<HostedWorker> {
  const { settings, scorers, relearning, log } = options;
  for (const warning of settings.warnings) log.warn(warning);
  for (const provider of settings.providers.values()) {
    const problem = missingKey(provider, context.env);
    if (problem !== null) log.warn(problem);
  }
  const pool = openDatabase({
    url: options.databaseUrl,
    connections: 20,
    forWorker: true,
    applicationName: 'escalier worker',
  });
  let served: ServedMetrics | null = null;
  try {
    await requireDatabase(pool, options.databaseUrl);
    const problem = await schemaProblem(pool);
    if (problem !== null) throw new CliError(problem, EXIT.usage);
    const keys = payloadKeys(context);
    const sealer = sealerOf(context);
    const metrics = options.metrics ?? null;
    const runtime = installRuntime(log, await runtimeSettings(metrics));
    served = metrics && (await serveMetrics(metrics, pool, runtime.metricsAddress));
    const identity = workerIdentity();
    const ports = createPorts({
      pool,
      sealer,
      providers: settings.providers,
      scorers,
      env: context.env,
      worker: identity,
      alarmWebhook: settings.raw?.alarms?.webhook,
      relearner: relearning && createRelearner({ ...relearning, scorers, pool, sealer }),
    });
    const worker = await startWorker({
      address: options.temporalAddress,
      ...(options.embedded ? {} : temporalCredentials(context)),
      namespace: options.namespace,
      ports: served === null ? ports : { ...ports, ledger: served.watch(ports.ledger) },
      identity,
      sweeper: true,
      ...(relearning === undefined ? {} : { relearning: relearnTimes(relearning.settings) }),
      ...(keys === null ? {} : { payloadCodec: createPayloadCodec(keys) }),
    });
    const partitions = keepPartitions(pool, (error) => {
      log.error({ err: error }, 'partitions could not be made ahead of time');
    });
    const reportDays = keepReportDaysSealed(pool, (error) => {
      log.error(
        { err: error },
        'finished days could not be summed up for reports, which read them row by row meanwhile',
      );
    });
    return {
      pool,
      metricsUrl: served?.url ?? null,
      worker,
      done: worker.done,
      async stop() {
        partitions.stop();
        await reportDays.stop();
        await worker.stop();
        await served?.close();
        await pool.end();
      },
    };
  } catch (error) {
    await served?.close();
    await pool.end();
    throw error;
  }
}

/** The SDK serves its metrics on a port of its own, for our server alone. */
async function runtimeSettings(metrics: MetricsAddress | null): Promise<{ metricsAddress?: string }> {
  return metrics === null ? {} : { metricsAddress: `127.0.0.1:${await freePort()}` };
}

/** Warnings and errors for a person at a terminal; everything, as JSON lines, for a log collector. */
export function createLog(level: 'info' | 'warn' | 'error'): Logger {
  const serializers = { error: pino.stdSerializers.err, err: pino.stdSerializers.err };
  return pino({ level, base: null, serializers }, pino.destination(2));
}
