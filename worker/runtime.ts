import { Runtime, makeTelemetryFilterString, type Logger as TemporalLogger } from '@temporalio/worker';
import type { Logger } from 'pino';

let installed = false;

/** Sends Temporal's logs, native and JavaScript, to ours. Once per process: the runtime cannot be changed afterwards. */
export function installRuntime(log: Logger): void {
  if (installed) return;
  installed = true;
  Runtime.install({
    logger: bridge(log),
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
    // Signals belong to the command line, which stops things in the right order.
    shutdownSignals: [],
  });
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
