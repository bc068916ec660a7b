import { nearMiss } from '../core/near-miss.ts';
import { CATALOGUE, isProviderKind, type ProviderFacts, type ProviderKind } from '../providers/catalogue.ts';
import type { Problem } from './problems.ts';
import type { RawProvider } from './provider-schema.ts';
import type { RawSettings } from './schema.ts';

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

/** Vendors that need no settings, since their address is known. */
const READY = Object.entries(CATALOGUE).flatMap(([kind, { baseUrl }]) => (baseUrl === null ? [] : [kind]));

/** The providers of the settings, and the vendors that models name without settings of their own. */
export function providersOf(settings: RawSettings, problems: Problem[]): Map<string, ProviderSettings> {
  const raws = new Map<string, RawProvider>(Object.entries(settings.providers ?? {}));
  const providers = new Map<string, ProviderSettings>();
  for (const [name, raw] of raws) {
    const provider = providerOf(name, raw);
    if (typeof provider === 'string') problems.push({ path: ['providers', name], message: provider });
    else providers.set(name, provider);
  }
  for (const [model, { provider: name }] of Object.entries(settings.models)) {
    if (raws.has(name) || providers.has(name)) continue;
    const provider = isProviderKind(name) ? providerOf(name, null) : unknownProvider(name, [...raws.keys()]);
    if (typeof provider !== 'string') providers.set(name, provider);
    else problems.push({ path: ['models', model, 'provider'], message: provider });
  }
  return providers;
}

function unknownProvider(name: string, own: readonly string[]): string {
  const known = [...new Set([...own, ...READY])];
  const meant = nearMiss(name, known);
  return meant === null
    ? `there is no provider "${name}": add it under providers with its base_url, or use one of ${known.join(', ')}`
    : `there is no provider "${name}": did you mean ${meant}?`;
}

/** @returns what is wrong with it where it is no provider. */
function providerOf(name: string, raw: RawProvider): ProviderSettings | string {
  const kind =
    raw?.kind ?? (isProviderKind(name) ? name : raw?.base_url === undefined ? null : 'openai-compatible');
  if (kind === null) {
    const meant = nearMiss(name, Object.keys(CATALOGUE));
    return `"${name}" is no known vendor${meant === null ? '' : ` (did you mean ${meant}?)`}: set its kind, or its base_url if it speaks OpenAI’s API`;
  }
  const facts: ProviderFacts = CATALOGUE[kind];
  const baseUrl = raw?.base_url ?? facts.baseUrl;
  if (baseUrl === null) {
    return `${facts.title} has no address of its own: set base_url under providers.${name}, such as "${facts.baseUrlExample ?? ''}"`;
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
    priceProvider: facts.baseUrl === null || baseUrl === facts.baseUrl ? facts.priceProvider : null,
  };
}
