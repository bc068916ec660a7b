import type { Stack } from '../local/stack.ts';
import type { ProviderSettings } from '../settings/providers.ts';

/** What a started stack is told with. A vendor without its key is told here, where the first query would fail for it. */
export function upText(
  stack: Pick<Stack, 'databaseUrl' | 'temporalAddress' | 'uiUrl'> & { readonly metricsUrl: string | null },
  withoutKey: readonly Pick<ProviderSettings, 'title' | 'keyEnv'>[],
): string {
  const { databaseUrl, temporalAddress, uiUrl, metricsUrl } = stack;
  return [
    `  Temporal UI   ${uiUrl ?? '(yours)'}`,
    `  Temporal      ${temporalAddress}`,
    `  Postgres      ${databaseUrl}`,
    ...(metricsUrl === null ? [] : [`  Metrics       ${metricsUrl}`]),
    ...(withoutKey.length === 0
      ? []
      : [
          '',
          ...withoutKey.map(
            ({ title, keyEnv }) => `There is no key for ${title}: ${keyEnv ?? ''} is not set.`,
          ),
          'Queries of tasks that need it end as failed. Set it, and start "escalier up" again.',
        ]),
    '',
    'Other commands of yours find it by themselves: try  escalier ask --task <task> "…"',
    'Ctrl-C stops everything.',
  ].join('\n');
}
