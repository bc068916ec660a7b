import { canonicalJson } from '../core/canonical-json.ts';
import type { LearnedPolicy } from '../core/learned-policy.ts';
import { nearMiss } from '../core/near-miss.ts';
import type { Policy } from '../core/policy.ts';
import { sha256 } from '../core/request-hash.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import type { Settings } from './load.ts';
import { policyOf } from './policies.ts';
import { SettingsError, type Problem } from './problems.ts';
import type { RawTask } from './schema.ts';
import { withoutLogprobs } from './scorer-problems.ts';

export interface PromotionSource {
  readonly settings: Settings;
  /** With the kind `learned`. */
  readonly scorers: ScorerRegistry;
  /** Models that the learned scorer was learned of with their log probabilities. */
  readonly logprobs: readonly string[];
  /** Of the settings and of the learned policy, in messages. */
  readonly files: { readonly settings: string; readonly policy: string };
  /** Prices of this day tell whether the chain is in price order. */
  readonly now: Date;
}

export interface PromotedPolicy {
  readonly policy: Policy;
  /** The task's policy as the settings write it. */
  readonly written: Policy;
  /** What is worth knowing and keeps nothing from being done, one line each. */
  readonly warnings: readonly string[];
}

/**
 * A learned policy completed by its task's settings: the learner says which models in which order, when to stop, and what
 * scores; the settings say how each model is reached and what it costs, what a query may cost, and what remains of it. What
 * the settings refuse of a chain that is written by hand, they refuse of a learned one, but for its order: the learner
 * orders by what calls cost on its data, so that another order by list price is a warning.
 * @throws {SettingsError} with every problem at once, one line each.
 */
export function promotedPolicy(source: PromotionSource, learned: LearnedPolicy): PromotedPolicy {
  const { settings, scorers, files, now } = source;
  const raw = Object.hasOwn(settings.raw.tasks, learned.task) ? settings.raw.tasks[learned.task] : undefined;
  const written = settings.policies.find(({ task }) => task === learned.task);
  if (raw === undefined || written === undefined) throw new SettingsError([unknownTask(source, learned)]);
  if (canonicalJson(written.answer) !== canonicalJson(learned.answer)) {
    throw new SettingsError([
      `${files.settings}: tasks.${learned.task}.answer: the policy was learned on answers that are found in another way (${canonicalJson(learned.answer)}, here ${canonicalJson(written.answer)}): its scores hold for no other; set it to that, or learn again with these settings`,
    ]);
  }
  const problems: Problem[] = [];
  const policy = policyOf(
    { settings: settings.raw, models: settings.models, scorers, now },
    learned.task,
    learnedTask(raw, learned),
    problems,
  );
  const told = (some: readonly Problem[]): string[] =>
    some.map(({ path, message }) => `${files.policy} with ${files.settings}: ${path.join('.')}: ${message}`);
  if (policy === null) throw new SettingsError(told(problems.filter(({ aged }) => aged !== true)));
  const unread = logprobProblems(policy, source.logprobs);
  if (unread.length > 0) throw new SettingsError(told(unread));
  const { rule, modelAccuracy, certificate } = learned;
  const limited = certificate === null ? [] : limitWarnings(raw, learned.task);
  return {
    policy: {
      ...policy,
      learned: { policySha256: sha256(canonicalJson(learned)), rule, modelAccuracy, certificate },
    },
    written,
    warnings: told([...problems, ...limited]),
  };
}

/** The task as one would write it by hand to have the learned chain, with what it sets for each of those models. */
function learnedTask(raw: RawTask, learned: LearnedPolicy): RawTask {
  return {
    ...raw,
    chain: learned.chain.map((model, stage) => {
      const own = raw.chain.find((entry) => typeof entry !== 'string' && entry.model === model);
      return { ...(typeof own === 'object' ? own : {}), model, threshold: learned.thresholds[stage] ?? 1 };
    }),
    scorer: { name: 'learned', sha256: learned.scorerSha256, ...learned.evidence },
  };
}

/** Served without the log probabilities that it was learned with, a scorer says what nobody has measured. A single model is served whatever it says. */
function logprobProblems({ task, chain }: Policy, logprobs: readonly string[]): Problem[] {
  if (chain.length === 1) return [];
  const read = chain.map((model) => (logprobs.includes(model.model) ? model : null));
  return withoutLogprobs(read, 'the policy was learned with', ['tasks', task, 'chain']);
}

/** Learning knows no limits: what is certified is what the policy does where none comes first. */
function limitWarnings(raw: RawTask, task: string): Problem[] {
  const limits = [
    ...(raw.max_cost_per_query_usd === undefined ? [] : ['max_cost_per_query_usd']),
    ...(raw.deadline === undefined ? [] : ['deadline']),
    ...(raw.budget?.per_day_usd === undefined && raw.budget?.per_month_usd === undefined ? [] : ['budget']),
  ];
  return limits.map((limit) => ({
    path: ['tasks', task, limit],
    message:
      'the certificate says nothing of queries that this limit ends: where it ends many, what is served can be worse than certified',
  }));
}

function unknownTask({ settings, files }: PromotionSource, { task }: LearnedPolicy): string {
  const known = settings.policies.map((policy) => policy.task);
  const meant = nearMiss(task, known);
  const there = meant === null ? `there are: ${known.join(', ') || 'none'}` : `did you mean ${meant}?`;
  return `${files.settings}: has no task "${task}", which ${files.policy} was learned for (${there}): write it, with the answer and the limits that it should have`;
}
