import type { AnswerSpec } from '../core/answer.ts';
import { displayUsd, formatUsd, numberToDecimal, parseUsd, type DecimalUsd } from '../core/money.ts';
import type { JsonObject, Policy, PolicyModel, ScorerSpec } from '../core/policy.ts';
import type { Price } from '../core/price.ts';
import { catalogueBook, expectedUsdPerMtok, overrideBook } from '../providers/price-book.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import type { ProviderSettings } from './providers.ts';
import type { Problem } from './problems.ts';
import { durationMs, type RawModel, type RawSettings, type RawTask } from './schema.ts';

const DEFAULT_TIMEOUT = '60s';
const DEFAULT_MAX_ATTEMPTS = 3;
/** Where nothing is known of a task's calls: three tokens of input to one of output. */
const DEFAULT_PROFILE: NonNullable<RawTask['token_profile']> = { input: 3, output: 1 };

export interface PolicySource {
  readonly settings: RawSettings;
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  readonly scorers: ScorerRegistry;
  /** Prices of this day order the chains. */
  readonly now: Date;
}

/** A task as a policy, or everything that is wrong with it. */
export function policyOf(source: PolicySource, task: string): { policy: Policy } | { problems: Problem[] } {
  const raw = source.settings.tasks[task];
  if (raw === undefined) throw new RangeError(`no task ${task}`);
  const problems: Problem[] = [];
  const at = (...path: (string | number)[]) => ['tasks', task, ...path];
  const { input, output, cached_input: cachedInput = 0 } = raw.token_profile ?? DEFAULT_PROFILE;
  const tokenProfile = { input, output, cachedInput };

  const chain = raw.chain.map((entry, index) => {
    const stage = typeof entry === 'string' ? { model: entry } : entry;
    return modelOf(source, stage.model, [raw, stage], tokenProfile, at('chain', index), problems);
  });
  const thresholds = thresholdsOf(raw, at(), problems);
  const scorer = scorerOf(source, raw, tokenProfile, at('scorer'), problems);
  const answer = answerOf(raw.answer, at('answer'), problems);
  const maxCostUsd = raw.max_cost_per_query_usd === undefined ? null : amount(raw.max_cost_per_query_usd);
  const models = [...chain, ...(scorer?.models ?? [])].filter((model) => model !== null);
  if (maxCostUsd !== null) requireBounds(models, at('max_cost_per_query_usd'), problems);
  requirePriceOrder(chain, at('chain'), problems);
  if (problems.length > 0 || scorer === null) return { problems };
  return {
    policy: {
      task,
      chain: chain.filter((model) => model !== null),
      thresholds,
      scorer,
      answer,
      limits: { maxCostUsd, deadlineMs: raw.deadline === undefined ? null : durationMs(raw.deadline) },
      retention: raw.retention ?? 'full',
      tokenProfile,
    },
  };
}

type CallOptions = Pick<RawModel, 'parameters' | 'timeout' | 'max_attempts' | 'stream'>;

function modelOf(
  source: PolicySource,
  name: string,
  overrides: readonly (Partial<CallOptions> | undefined)[],
  profile: Policy['tokenProfile'],
  path: Problem['path'],
  problems: Problem[],
): PolicyModel | null {
  const raw = source.settings.models[name];
  if (raw === undefined) {
    const known = Object.keys(source.settings.models).join(', ') || 'none';
    problems.push({ path, message: `there is no model "${name}" under models (there are: ${known})` });
    return null;
  }
  const provider = source.providers.get(raw.provider);
  // A provider that does not exist is told once, where the model names it.
  if (provider === undefined) return null;
  const modelId = raw.id ?? name;
  const own = ownPrice(raw, path, problems);
  const book = own === 'unknown' ? null : (own ?? catalogueOf(provider, modelId));
  if (book === null && own !== 'unknown') return null;
  const layers: readonly (Partial<CallOptions> | undefined)[] = [raw, ...overrides];
  const last = <Key extends keyof CallOptions>(key: Key) =>
    layers.findLast((layer) => layer?.[key] !== undefined)?.[key];
  return {
    model: name,
    provider: raw.provider,
    modelId,
    parameters: Object.assign({}, ...layers.map((layer) => layer?.parameters ?? {})) as JsonObject,
    maxOutputTokens: raw.max_output_tokens ?? null,
    timeoutMs: durationMs(last('timeout') ?? DEFAULT_TIMEOUT),
    maxAttempts: last('max_attempts') ?? DEFAULT_MAX_ATTEMPTS,
    stream: last('stream') ?? false,
    price: own,
    expectedUsdPerMtok: book === null ? null : expectedUsdPerMtok(book, source.now, profile),
  };
}

function catalogueOf(provider: ProviderSettings, modelId: string): readonly Price[] | null {
  return provider.priceProvider === null ? null : catalogueBook(provider.priceProvider, modelId);
}

function ownPrice(
  raw: RawModel,
  path: Problem['path'],
  problems: Problem[],
): readonly Price[] | 'unknown' | null {
  if (raw.price === undefined || raw.price === 'unknown') return raw.price ?? null;
  try {
    return overrideBook(raw.price, 'escalier.yaml');
  } catch (error) {
    problems.push({ path, message: error instanceof Error ? error.message : String(error) });
    return null;
  }
}

function thresholdsOf(raw: RawTask, path: Problem['path'], problems: Problem[]): number[] {
  return raw.chain.map((entry, index) => {
    const own = typeof entry === 'string' ? undefined : entry.threshold;
    const threshold = own ?? raw.threshold;
    if (threshold === undefined) {
      problems.push({
        path: index === 0 ? [...path, 'threshold'] : [...path, 'chain', index],
        message: 'no threshold: set one for the task, from 0 to 1, or one for each stage',
      });
    }
    return threshold ?? 1;
  });
}

function scorerOf(
  source: PolicySource,
  raw: RawTask,
  profile: Policy['tokenProfile'],
  path: Problem['path'],
  problems: Problem[],
): ScorerSpec | null {
  const { name, ...options } = typeof raw.scorer === 'string' ? { name: raw.scorer } : raw.scorer;
  const parsed = source.scorers.parse(name, options);
  if ('problems' in parsed) {
    problems.push(...parsed.problems.map((message) => ({ path, message })));
    return null;
  }
  const { models, ...scorer } = parsed.scorer;
  const asked = models.map((model) => modelOf(source, model, [], profile, path, problems));
  return { ...scorer, models: asked.filter((model) => model !== null) };
}

function answerOf(raw: RawTask['answer'], path: Problem['path'], problems: Problem[]): AnswerSpec {
  if (raw === undefined || raw === 'open') return { from: 'open' };
  if (raw === 'number') return { from: 'number' };
  if (raw === 'text') return { from: 'text', normalise: 'loose' };
  if ('text' in raw) return { from: 'text', normalise: raw.text.normalise ?? 'loose' };
  if ('json' in raw) return { from: 'json', pointer: raw.json, normalise: raw.normalise ?? 'loose' };
  if ('labels' in raw) return { from: 'label', labels: raw.labels };
  try {
    new RegExp(raw.regex, 'u');
  } catch (error) {
    problems.push({
      path: [...path, 'regex'],
      message: error instanceof Error ? error.message : String(error),
    });
  }
  return { from: 'regex', pattern: raw.regex, normalise: raw.normalise ?? 'loose' };
}

/** A limit on cost needs a bound on every call. */
function requireBounds(models: readonly PolicyModel[], path: Problem['path'], problems: Problem[]): void {
  for (const model of models) {
    if (model.expectedUsdPerMtok === null) {
      problems.push({
        path,
        message: `${model.model} has no known price, so no limit on cost can hold: give it a price, or take the limit away`,
      });
    }
    const limit =
      model.maxOutputTokens ?? model.parameters['max_tokens'] ?? model.parameters['max_completion_tokens'];
    if (limit === undefined) {
      problems.push({
        path,
        message: `${model.model} has no limit on output tokens, so no limit on cost can hold: set max_output_tokens on the model, or max_tokens in its parameters`,
      });
    }
  }
}

/** By expected cost at the token profile. A model of unknown price takes the place it is written in. */
function requirePriceOrder(
  chain: readonly (PolicyModel | null)[],
  path: Problem['path'],
  problems: Problem[],
): void {
  let dearest: PolicyModel | null = null;
  for (const [index, model] of chain.entries()) {
    if (model === null || model.expectedUsdPerMtok === null) continue;
    if (dearest?.expectedUsdPerMtok && cost(model) < cost(dearest)) {
      problems.push({
        path: [...path, index],
        message: `the chain is not in ascending price order: ${model.model} (${shown(model)}) comes after ${dearest.model} (${shown(dearest)}): put the cheaper one first`,
      });
    }
    if (dearest === null || cost(model) > cost(dearest)) dearest = model;
  }
}

function cost(model: PolicyModel): bigint {
  return parseUsd(model.expectedUsdPerMtok ?? '0');
}

function shown(model: PolicyModel): string {
  return `${displayUsd(cost(model))} per million tokens at the task's token profile`;
}

function amount(value: number | string): DecimalUsd {
  return formatUsd(parseUsd(typeof value === 'number' ? numberToDecimal(value) : value));
}
