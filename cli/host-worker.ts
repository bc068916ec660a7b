import type pg from 'pg';
import { pino, type Logger } from 'pino';
import { openBytes, sealBytes } from '../codec/aes-gcm.ts';
import { createPayloadCodec } from '../codec/payload-codec.ts';
import { openDatabase, requireDatabase } from '../ledger/database.ts';
import { schemaProblem } from '../ledger/migrate.ts';
import { keepPartitions } from '../ledger/partitions.ts';
import { keepReportDaysSealed } from '../ledger/seal-report-days.ts';
import type { ScorerRegistry } from '../scorers/index.ts';
import type { Settings } from '../settings/load.ts';
import {
  createPorts,
  installRuntime,
  missingKey,
  startWorker,
  workerIdentity,
  type CascadeWorker,
} from '../worker/index.ts';
import { payloadKeys, temporalCredentials, type Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

export interface HostOptions {
  readonly settings: Pick<Settings, 'providers' | 'warnings'>;
  readonly scorers: ScorerRegistry;
  readonly databaseUrl: string;
  readonly temporalAddress: string;
  readonly namespace: string;
  readonly log: Logger;
  /** Whether Temporal is the embedded one, which takes no credentials. */
  readonly embedded?: boolean;
}

export interface HostedWorker {
  readonly pool: pg.Pool;
  /** For a client in this process that starts queries eagerly. */
  readonly connection: CascadeWorker['connection'];
  /** Rejects when the worker dies. */
  readonly done: Promise<void>;
  stop(): Promise<void>;
}

/** Hosts a worker in this process, with everything that its activities need. */
export async function hostWorker(context: Context, options: HostOptions): Promise<HostedWorker> {
  const { settings, scorers, log } = options;
  for (const warning of settings.warnings) log.warn(warning);
  for (const provider of settings.providers.values()) {
    const problem = missingKey(provider, context.env);
    if (problem !== null) log.warn(problem);
  }
  const pool = openDatabase({
    url: options.databaseUrl,
    connections: 20,
    applicationName: 'escalier worker',
  });
  try {
    await requireDatabase(pool, options.databaseUrl);
    const problem = await schemaProblem(pool);
    if (problem !== null) throw new CliError(problem, EXIT.usage);
    const keys = payloadKeys(context);
    const sealer = keys && {
      seal: (bytes: Uint8Array, about: string) => sealBytes(keys, bytes, about),
      open: (sealed: Uint8Array, about: string) => openBytes(keys, sealed, about),
    };
    installRuntime(log);
    const identity = workerIdentity();
    const worker = await startWorker({
      address: options.temporalAddress,
      ...(options.embedded ? {} : temporalCredentials(context)),
      namespace: options.namespace,
      ports: createPorts({
        pool,
        sealer,
        providers: settings.providers,
        scorers,
        env: context.env,
        worker: identity,
      }),
      identity,
      sweeper: true,
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
      connection: worker.connection,
      done: worker.done,
      async stop() {
        partitions.stop();
        await reportDays.stop();
        await worker.stop();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/** Warnings and errors for a person at a terminal; everything, as JSON lines, for a log collector. */
export function createLog(level: 'info' | 'warn'): Logger {
  const serializers = { error: pino.stdSerializers.err, err: pino.stdSerializers.err };
  return pino({ level, base: null, serializers }, pino.destination(2));
}
