import type { Json, JsonObject, PolicyModel } from '../core/policy.ts';
import type { Price } from '../core/price.ts';
import { serviceTierOf } from '../core/service-tier.ts';
import { catalogueBook, expectedUsdPerMtok, type TokenProfile } from '../providers/price-book.ts';
import { overrideBook } from '../providers/price-override.ts';
import { durationMs } from './duration.ts';
import type { Problem } from './problems.ts';
import type { ProviderSettings } from './providers.ts';
import type { RawModel, RawSettings } from './schema.ts';

const DEFAULT_TIMEOUT = '60s';
const DEFAULT_MAX_ATTEMPTS = 3;

/** A model of the settings, with what is known of its price. */
export interface ModelSettings {
  readonly name: string;
  readonly raw: RawModel;
  readonly modelId: string;
  /** As {@link PolicyModel.price}. */
  readonly price: PolicyModel['price'];
  /** The rows that hold for it: its own, else the catalogue's; null where it is declared to have none. */
  readonly book: readonly Price[] | null;
}

/** What a task, or one of its stages, sets for a call in place of the model's own. */
export type CallOptions = Pick<RawModel, 'parameters' | 'timeout' | 'max_attempts' | 'stream'>;

/** The models that can be used. What is wrong with the others is told here, once, however many tasks name them. */
export function modelsOf(
  settings: RawSettings,
  providers: ReadonlyMap<string, ProviderSettings>,
  problems: Problem[],
): Map<string, ModelSettings> {
  const models = new Map<string, ModelSettings>();
  for (const [name, raw] of Object.entries(settings.models)) {
    const provider = providers.get(raw.provider);
    // What is wrong with the provider has been told.
    if (provider === undefined) continue;
    const modelId = raw.id ?? name;
    if (raw.price === 'unknown') {
      models.set(name, { name, raw, modelId, price: 'unknown', book: null });
      continue;
    }
    const price = raw.price === undefined ? null : overrideBook(raw.price, 'escalier.yaml');
    const book = price ?? catalogueOf(provider, modelId);
    if (book === null) problems.push({ path: ['models', name], message: noPrice(provider, modelId) });
    else models.set(name, { name, raw, modelId, price, book });
  }
  return models;
}

function catalogueOf({ priceProvider }: ProviderSettings, modelId: string): readonly Price[] | null {
  return priceProvider === null ? null : catalogueBook(priceProvider, modelId);
}

function noPrice({ title, priceProvider }: ProviderSettings, modelId: string): string {
  const check = priceProvider === null ? '' : 'check the id for a slip, or ';
  return `no price is known for "${modelId}" at ${title}: ${check}add price: { input_usd_per_mtok: …, output_usd_per_mtok: … }, or price: unknown`;
}

/** A model as a policy pins it. Of two layers that set the same, the later wins; parameters are joined. */
export function policyModel(
  { name, raw, modelId, price, book }: ModelSettings,
  overrides: readonly Partial<CallOptions>[],
  profile: TokenProfile,
  now: Date,
): PolicyModel {
  const layers: readonly Partial<CallOptions>[] = [raw, ...overrides];
  const last = <Key extends keyof CallOptions>(key: Key) =>
    layers.findLast((layer) => layer[key] !== undefined)?.[key];
  const parameters: Record<string, Json> = {};
  for (const layer of layers) Object.assign(parameters, layer.parameters as JsonObject | undefined);
  const serviceTier = serviceTierOf(null, parameters['service_tier']);
  return {
    model: name,
    provider: raw.provider,
    modelId,
    parameters,
    maxOutputTokens: raw.max_output_tokens ?? null,
    timeoutMs: durationMs(last('timeout') ?? DEFAULT_TIMEOUT),
    maxAttempts: last('max_attempts') ?? DEFAULT_MAX_ATTEMPTS,
    stream: last('stream') ?? false,
    price,
    expectedUsdPerMtok: book === null ? null : expectedUsdPerMtok(book, now, profile, serviceTier),
  };
}
