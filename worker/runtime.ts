import { Runtime, makeTelemetryFilterString, type Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

let installed: RuntimeSettings | null = null;

/** Names as Temporal documents them, with seconds as the unit as everywhere in Prometheus. */
const SDK_METRICS = { countersTotalSuffix: true, unitSuffix: true, useSecondsForDurations: true } as const;

export interface RuntimeSettings {
  /** Where the SDK serves its own metrics, `host:port` of loopback; none by default. */
  readonly metricsAddress?: string;
}

/**
 * Sends Temporal's logs, native and JavaScript, to ours. Once per process: the runtime cannot be changed afterwards.
 * @returns the settings that it has, which are those of the first call.
 */
export function installRuntime(log: Logger, settings: RuntimeSettings = {}): RuntimeSettings {
  if (installed !== null) return installed;
  installed = settings;
  const { metricsAddress } = settings;
  Runtime.install({
    logger: bridge(log),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
      ...(metricsAddress === undefined
        ? {}
        : { metrics: { prometheus: { bindAddress: metricsAddress, ...SDK_METRICS } } }),
    },
    // Signals belong to the command line, which stops things in the right order.
    shutdownSignals: [],
  });
  return settings;
}

function bridge(log: Logger): TemporalLogger {
  const write =
    (level: 'trace' | 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, meta?: Record<string | symbol, unknown>): void => {
      log[level](meta ?? {}, message);
    };
  return {
    log: (level, message, meta) => {
      write(level.toLowerCase() as 'info')(message, meta);
    },
    trace: write('trace'),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}
