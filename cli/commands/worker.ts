import { aborted } from '../aborted.ts';
import { createLog, hostWorker } from '../host-worker.ts';
import { metricsAddress, requireDatabaseUrl, servers, type Context } from '../context.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

/** Hosts a worker until it is told to stop. */
export async function workerCommand(
  context: Context,
  options: SettingsOptions & { metricsPort?: number | undefined },
): Promise<void> {
  const { settings, scorers } = await readSettings(options, 'serve');
  const { temporalAddress, namespace } = await servers(context);
  const log = createLog('info');
  const worker = await hostWorker(context, {
    settings,
    scorers,
    relearning: { settings, file: options.settings },
    databaseUrl: await requireDatabaseUrl(context),
    temporalAddress,
    namespace,
    log,
    metrics: metricsAddress(context, options.metricsPort),
  });
  const { metricsUrl } = worker;
  log.info({ temporalAddress, namespace, metricsUrl }, 'worker started');
  await Promise.race([worker.done, aborted(context.signal)]);
  if (context.signal.aborted) log.info('stopping: running requests may finish');
  await worker.stop();
}
