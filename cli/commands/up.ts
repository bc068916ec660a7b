import { SEARCH_ATTRIBUTE_TYPES } from '../../core/search-attributes.ts';
import { migrate } from '../../ledger/migrate.ts';
import { startStack, type Stack } from '../../local/stack.ts';
import { missingKey } from '../../worker/index.ts';
import { aborted } from '../aborted.ts';
import { messageOf, metricsAddress, servers, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { createLog, hostWorker } from '../host-worker.ts';
import { readRunningStack, removeRunningStack, writeRunningStack } from '../running-stack.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';
import { upText } from '../up-text.ts';
import { applyAndSay } from './apply.ts';

export interface UpOptions extends SettingsOptions {
  readonly postgresPort: number;
  readonly temporalPort: number;
  readonly temporalUiPort: number;
  readonly metricsPort?: number | undefined;
}

/** Postgres, Temporal, migrations, the tasks of `escalier.yaml`, and a worker, until Ctrl-C. The data stays. */
export async function upCommand(context: Context, options: UpOptions): Promise<void> {
  const { settings, scorers } = await readSettings(options);
  const running = await readRunningStack(context.dataFolder);
  if (running !== null) {
    throw new CliError(
      `"escalier up" runs already (process ${running.pid}, data in ${context.dataFolder}): use it, or stop it first`,
      EXIT.unavailable,
    );
  }
  const { namespace } = await servers(context);
  const stack = await startServers(context, options, namespace);
  try {
    await migrate(stack.databaseUrl);
    const worker = await hostWorker(context, {
      settings,
      scorers,
      relearning: { settings, file: options.settings },
      ...stack,
      namespace,
      embedded: !context.env['TEMPORAL_ADDRESS'],
      log: createLog('warn'),
      metrics: metricsAddress(context, options.metricsPort),
    });
    try {
      // A promotion is not undone by a restart, and does not keep the machine down.
      await applyAndSay(context, worker.pool, settings, 'keep');
      await writeRunningStack(context.dataFolder, { pid: process.pid, ...stack });
      const withoutKey = [...settings.providers.values()].filter(
        (provider) => missingKey(provider, context.env) !== null,
      );
      announce(context, { ...stack, metricsUrl: worker.metricsUrl }, withoutKey);
      await Promise.race([worker.done, aborted(context.signal)]);
      context.say('Stopping …');
    } finally {
      await removeRunningStack(context.dataFolder);
      await worker.stop();
    }
  } finally {
    await stack.stop();
  }
  context.say('Stopped. The data is kept.');
}

async function startServers(context: Context, options: UpOptions, namespace: string): Promise<Stack> {
  try {
    return await startStack({
      dataFolder: context.dataFolder,
      cacheFolder: context.cacheFolder,
      env: context.env,
      ports: {
        postgres: options.postgresPort,
        temporal: options.temporalPort,
        temporalUi: options.temporalUiPort,
      },
      searchAttributes: SEARCH_ATTRIBUTE_TYPES,
      namespace,
      onProgress: context.say,
      signal: context.signal,
    });
  } catch (error) {
    if (context.signal.aborted)
      throw new CliError('Stopped before everything was up.', EXIT.interrupted, error);
    throw new CliError(messageOf(error), EXIT.unavailable, error);
  }
}

function announce(
  context: Context,
  stack: Pick<Stack, 'databaseUrl' | 'temporalAddress' | 'uiUrl'> & { metricsUrl: string | null },
  withoutKey: Parameters<typeof upText>[1],
): void {
  const { databaseUrl, temporalAddress, uiUrl, metricsUrl } = stack;
  if (context.json) context.out(JSON.stringify({ databaseUrl, temporalAddress, uiUrl, metricsUrl }));
  context.say(
    `\nEscalier is up, after ${(performance.now() / 1_000).toFixed(1)} s.\n${upText(stack, withoutKey)}`,
  );
}
