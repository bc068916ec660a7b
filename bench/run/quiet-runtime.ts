import { DefaultLogger, Runtime } from '@temporalio/worker';

/** Errors of the worker only; signals are the parent's. Once per process. */
export function quietRuntime(): void {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR' } },
    shutdownSignals: [],
  });
}
