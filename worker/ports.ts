import type { ConnectedProvider, Ports } from '../activities/index.ts';
import type { Relearner } from '../core/relearning.ts';
import { createLedger } from '../ledger/ledger.ts';
import type { Sealer } from '../ledger/texts.ts';
import { createProvider } from '../providers/openai-provider.ts';
import { catalogueBook } from '../providers/price-book.ts';
import { inputTokenBound } from '../providers/token-bound.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import type { ProviderSettings } from '../settings/providers.ts';
import { withLearnedScorers } from './learned-scorers.ts';
import type pg from 'pg';

export interface PortsOptions {
  readonly pool: pg.Pool;
  readonly sealer: Sealer | null;
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  /** Learned scorers are added to it: they come from the ledger. */
  readonly scorers: ScorerRegistry;
  /** Keys of providers, by the name of their environment variable. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly worker: string;
  /** Where alarms are posted to. */
  readonly alarmWebhook?: string | undefined;
  /** Learns tasks anew; undefined where the process has no learning. */
  readonly relearner?: Relearner | undefined;
}

/** What a worker's activities do to the world, from its settings. */
export function createPorts(options: PortsOptions): Ports {
  const connected = new Map(
    [...options.providers].map(([name, settings]) => [name, connectProvider(settings, options.env)]),
  );
  const scorers = withLearnedScorers(options.scorers, options.pool);
  return {
    ledger: createLedger(options.pool, options.sealer),
    provider: (name) => connected.get(name),
    costTellers: [...connected]
      .filter(([, { provider, problem }]) => problem === null && provider.tellCost !== undefined)
      .map(([name]) => name),
    scorer: (spec) => scorers.load(spec),
    inputTokenBound,
    worker: options.worker,
    ...(options.relearner === undefined ? {} : { relearner: options.relearner }),
    ...(options.alarmWebhook === undefined ? {} : { alarmWebhook: options.alarmWebhook }),
  };
}

/** A provider of the settings, with its key from the environment. */
export function connectProvider(settings: ProviderSettings, env: PortsOptions['env']): ConnectedProvider {
  const { priceProvider } = settings;
  const apiKey = settings.keyEnv === null ? null : env[settings.keyEnv] || null;
  return {
    provider: createProvider({ ...settings, apiKey }),
    catalogue: (modelId) => (priceProvider === null ? null : catalogueBook(priceProvider, modelId)),
    problem: missingKey(settings, env),
  };
}

/** What keeps a provider from being asked, in one line, or null. */
export function missingKey(settings: ProviderSettings, env: PortsOptions['env']): string | null {
  if (!settings.keyRequired || settings.keyEnv === null || env[settings.keyEnv]) return null;
  return `no key for ${settings.title}: set ${settings.keyEnv} in the worker's environment and restart the worker`;
}
