import { nearMiss } from '../core/near-miss.ts';
import type { Limits, Policy, PolicyModel, ScorerSpec } from '../core/policy.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import { amountOf } from './amount.ts';
import { answerOf } from './answer-schema.ts';
import { auditOf, auditProblems } from './audit.ts';
import { chainProblems } from './chain-problems.ts';
import { durationMs } from './duration.ts';
import { policyModel, type CallOptions, type ModelSettings } from './models.ts';
import { watchOf } from './watch.ts';
import { problemsOf, type Path, type Problem } from './problems.ts';
import type { RawSettings, RawTask } from './schema.ts';
import { scorerProblems } from './scorer-problems.ts';

/** Where nothing is known of a task's calls: three tokens of input to one of output. */
const DEFAULT_PROFILE: NonNullable<RawTask['token_profile']> = { input: 3, output: 1 };

export interface PolicySource {
  readonly settings: RawSettings;
  /** Those that can be used: what is wrong with the others has been told. */
  readonly models: ReadonlyMap<string, ModelSettings>;
  readonly scorers: ScorerRegistry;
  /** Prices of this day order the chains. */
  readonly now: Date;
}

/** A task as a policy; null where something is wrong with it, all of which is added to `problems`. */
export function policyOf(
  source: PolicySource,
  task: string,
  raw: RawTask,
  problems: Problem[],
): Policy | null {
  const path: Path = ['tasks', task];
  const { input, output, cached_input: cachedInput = 0 } = raw.token_profile ?? DEFAULT_PROFILE;
  const tokenProfile = { input, output, cachedInput };
  const found: Problem[] = [];
  const modelAt = (name: string, overrides: readonly Partial<CallOptions>[], where: Path) => {
    const model = source.models.get(name);
    if (model !== undefined) return policyModel(model, overrides, tokenProfile, source.now);
    if (!Object.hasOwn(source.settings.models, name)) {
      found.push({ path: where, message: unknownModel(name, Object.keys(source.settings.models)) });
    }
    return null;
  };

  const chain = raw.chain.map((entry, index) => {
    const stage = typeof entry === 'string' ? { model: entry } : entry;
    const shared: Partial<CallOptions> = raw.parameters === undefined ? {} : { parameters: raw.parameters };
    return modelAt(stage.model, [shared, stage], [...path, 'chain', index]);
  });
  if (raw.audit_budget !== undefined && raw.audit === undefined) {
    found.push({
      path: [...path, 'audit_budget'],
      message: 'limits nothing: set audit, such as 1%, or take it out',
    });
  }
  if (raw.audit !== undefined) found.push(...auditProblems(raw.audit, [...path, 'audit']));
  if (raw.watch !== undefined && raw.audit === undefined) {
    found.push({ path: [...path, 'watch'], message: 'sees nothing: set audit, such as 1%, or take it out' });
  }
  if (raw.relearn !== undefined && raw.audit === undefined) {
    found.push({
      path: [...path, 'relearn'],
      message: 'has nothing to learn from: set audit, such as 1%, or take it out',
    });
  }
  const thresholds = thresholdsOf(raw, path, found);
  const scorer = scorerOf(source.scorers, raw.scorer, modelAt, [...path, 'scorer'], found);
  const answer = answerOf(raw.answer);
  found.push(...chainProblems(raw, path, chain, scorer, costLimit(source.settings, raw, path)));
  if (scorer !== null && thresholds !== null)
    found.push(...scorerProblems(scorer, answer, thresholds, chain, path));
  problems.push(...found);

  const usable = chain.filter((model) => model !== null);
  const broken = found.some((problem) => problem.aged !== true);
  if (broken || scorer === null || thresholds === null || usable.length < chain.length) return null;
  return {
    task,
    chain: usable,
    thresholds,
    scorer,
    answer,
    limits: limitsOf(raw),
    retention: raw.retention ?? 'full',
    ...(raw.execution === 'inline' ? { execution: 'inline' } : {}),
    tokenProfile,
    ...(raw.review === undefined ? {} : { review: { timeoutMs: durationMs(raw.review.timeout) } }),
    ...(raw.audit === undefined ? {} : { audit: auditOf(raw.audit) }),
    ...(raw.watch === undefined ? {} : { watch: watchOf(raw.watch) }),
  };
}

function limitsOf(raw: RawTask): Limits {
  const { max_cost_per_query_usd: cost, deadline, budget } = raw;
  const atBudget = budget?.at_limit ?? 'stop';
  return {
    maxCostUsd: cost === undefined ? null : amountOf(cost),
    deadlineMs: deadline === undefined ? null : durationMs(deadline),
    ...(atBudget === 'stop' ? {} : { atBudget }),
  };
}

/** The setting by which a task's cost is limited, the nearest of them; null where none is. */
function costLimit(settings: RawSettings, raw: RawTask, path: Path): Path | null {
  if (raw.max_cost_per_query_usd !== undefined) return [...path, 'max_cost_per_query_usd'];
  if (raw.budget?.per_day_usd !== undefined || raw.budget?.per_month_usd !== undefined)
    return [...path, 'budget'];
  if (raw.audit_budget !== undefined) return [...path, 'audit_budget'];
  return Object.keys(settings.tenants ?? {}).length > 0 ? ['tenants'] : null;
}

function unknownModel(name: string, known: readonly string[]): string {
  const meant = nearMiss(name, known);
  const advice =
    meant === null
      ? `add it there, or use one of ${known.join(', ') || '(none yet)'}`
      : `did you mean ${meant}?`;
  return `there is no model "${name}" under models: ${advice}`;
}

/** One for each stage: its own, else the task's. Where no stage has one, that is told once. */
function thresholdsOf(raw: RawTask, path: Path, problems: Problem[]): number[] | null {
  const given = raw.chain.map((entry) =>
    typeof entry === 'string' ? raw.threshold : (entry.threshold ?? raw.threshold),
  );
  const thresholds = given.filter((threshold) => threshold !== undefined);
  if (thresholds.length === given.length) return thresholds;
  if (thresholds.length === 0) {
    problems.push({
      path: [...path, 'threshold'],
      message: 'is missing: expected a number from 0 to 1, here or at every stage of the chain',
    });
    return null;
  }
  for (const [index, threshold] of given.entries()) {
    if (threshold !== undefined) continue;
    problems.push({
      path: [...path, 'chain', index],
      message:
        'has no threshold: set one for the task, from 0 to 1, or one at every stage, the last one included',
    });
  }
  return null;
}

function scorerOf(
  scorers: ScorerRegistry,
  raw: RawTask['scorer'],
  modelAt: (name: string, overrides: [], where: Path) => PolicyModel | null,
  path: Path,
  problems: Problem[],
): ScorerSpec | null {
  const { name, ...options } = typeof raw === 'string' ? { name: raw } : raw;
  const parsed = scorers.parse(name, options);
  if ('problems' in parsed) {
    problems.push(...optionProblems(scorers, name, options, parsed.problems, path));
    return null;
  }
  const { models: names, embedders = [], ...scorer } = parsed.scorer;
  const named = (model: string): PolicyModel | null => {
    const option = Object.entries(options).find(([, value]) => value === model)?.[0];
    return modelAt(model, [], option === undefined ? path : [...path, option]);
  };
  const models = [...names.map(named), ...embedders.map((model) => asEmbedder(named(model)))];
  const usable = models.filter((model) => model !== null);
  return usable.length < models.length ? null : { ...scorer, models: usable };
}

/** An embedder puts out no tokens, and streams nothing. */
function asEmbedder(model: PolicyModel | null): PolicyModel | null {
  return model === null ? null : { ...model, maxOutputTokens: 0, stream: false };
}

/** By option, where the scorer is known. */
function optionProblems(
  scorers: ScorerRegistry,
  name: string,
  options: Readonly<Record<string, unknown>>,
  lines: readonly string[],
  path: Path,
): Problem[] {
  const schema = scorers.names().includes(name) ? scorers.get(name).options : null;
  const parsed = schema?.safeParse(options);
  return schema !== null && parsed?.success === false
    ? problemsOf(parsed.error, schema, options, path)
    : lines.map((message) => ({ path, message }));
}
