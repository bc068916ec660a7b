import { CATALOGUE, isProviderKind, type ProviderFacts, type ProviderKind } from '../providers/catalogue.ts';
import type { Problem } from './problems.ts';
import type { RawProvider, RawSettings } from './schema.ts';

/** A provider as the settings describe it. Its key is an environment variable's name, never the key. */
export interface ProviderSettings {
  readonly name: string;
  readonly kind: ProviderKind;
  readonly title: string;
  readonly baseUrl: string;
  readonly keyEnv: string | null;
  readonly keyRequired: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** The vendor's id in the price catalogue; null where it has none. */
  readonly priceProvider: string | null;
}

/** The providers of the settings, and the vendors that models name without settings of their own. */
export function providersOf(settings: RawSettings, problems: Problem[]): Map<string, ProviderSettings> {
  const raws = new Map<string, RawProvider>(Object.entries(settings.providers ?? {}));
  for (const [model, { provider }] of Object.entries(settings.models)) {
    if (raws.has(provider)) continue;
    if (isProviderKind(provider)) raws.set(provider, null);
    else {
      problems.push({
        path: ['models', model, 'provider'],
        message: `there is no provider "${provider}": add it under providers with its base_url, or use one of ${Object.keys(CATALOGUE).join(', ')}`,
      });
    }
  }
  const providers = new Map<string, ProviderSettings>();
  for (const [name, raw] of raws) {
    const provider = providerOf(name, raw, problems);
    if (provider !== null) providers.set(name, provider);
  }
  return providers;
}

function providerOf(name: string, raw: RawProvider, problems: Problem[]): ProviderSettings | null {
  const path = ['providers', name];
  const kind =
    raw?.kind ?? (isProviderKind(name) ? name : raw?.base_url === undefined ? null : 'openai-compatible');
  if (kind === null) {
    problems.push({
      path,
      message: `"${name}" is no known vendor: say its kind, or give its base_url if it speaks OpenAI's API`,
    });
    return null;
  }
  const facts: ProviderFacts = CATALOGUE[kind];
  const baseUrl = raw?.base_url ?? facts.baseUrl;
  if (baseUrl === null) {
    problems.push({ path, message: `needs a base_url, such as "${facts.baseUrlExample ?? ''}"` });
    return null;
  }
  return {
    name,
    kind,
    title: facts.title,
    baseUrl,
    keyEnv: raw?.api_key_env ?? facts.keyEnv,
    keyRequired: facts.keyRequired || raw?.api_key_env !== undefined,
    headers: raw?.headers ?? {},
    query: raw?.query ?? {},
    // A vendor's prices hold at the vendor; another server under its name has prices of its own.
    priceProvider: raw?.base_url === undefined || facts.baseUrl === null ? facts.priceProvider : null,
  };
}
