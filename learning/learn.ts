import { canonicalJson } from '../core/canonical-json.ts';
import type { LearnedPolicy } from '../core/learned-policy.ts';
import { sha256 } from '../core/request-hash.ts';
import { thresholdsOf } from '../core/stop-rule.ts';
import { fromArtifact, toArtifact, type LearnedArtifact } from '../scorers/learned/artifact.ts';
import { costShareOf } from './cost-share.ts';
import { crossFit, FOLDS, servedJudge, type CrossFit } from './cross-fit.ts';
import type { Dataset } from './dataset.ts';
import { figuresOf, type LearnedFigures } from './figures.ts';
import type { ChainTable } from './frontier.ts';
import { modelsWithLogprobs } from './models-with-logprobs.ts';
import { modelsOn, poolOf, referenceOf, usableOf, type ModelFigures } from './pool.ts';
import { ruleOf, search, searchTarget, valueAt, type Candidate } from './search.ts';
import { foldsOf, groupOf, queriesAt } from './split.ts';
import { Tables } from './tables.ts';

/** What a policy is learned for. */
export type Goal =
  /** The most accurate policy whose mean cost is at most this share of the reference's; may exceed 1. */
  | { readonly type: 'budget'; readonly share: number }
  /** The cheapest policy that is as accurate as the best single model, or as this share of right answers. */
  | { readonly type: 'accuracy'; readonly target: 'best' | number };

export interface LearnOptions {
  readonly seed: number;
  /** Models that may be used though they are marked `hidden_reasoning_tokens`. */
  readonly include: readonly string[];
}

/** Why these queries give no policy, where others of the same set may. */
export class NoPolicy extends Error {}

/** Scorers fitted on some queries, and everything that a policy may be chosen from. */
export interface Fitted {
  readonly queries: readonly number[];
  readonly fit: CrossFit;
  readonly artifact: LearnedArtifact;
  readonly scorerSha256: string;
  /** On the queries of the fit. */
  readonly models: readonly ModelFigures[];
  readonly reference: ModelFigures;
  readonly pool: readonly number[];
  /** Of every chain, each query judged by scorers that have not seen it. */
  readonly tables: readonly ChainTable[];
}

/** A learned policy with all that a report says of it. */
export interface Learned {
  readonly policy: LearnedPolicy;
  readonly artifact: LearnedArtifact;
  readonly fitted: Fitted;
  /** The pick, and the most accurate policy that it was picked beside. */
  readonly pick: Candidate;
  readonly best: Candidate;
  readonly compared: number;
}

/**
 * Fits scorers by nested cross-fitting, and again on all queries for serving.
 * @param queries numbers of the dataset's queries; no label of any other is read.
 * @param baseline number of a model that is in the pool however it does; null for none.
 * @throws {NoPolicy} when there are too few queries to fold.
 */
export function fitScorers(
  data: Dataset,
  queries: readonly number[],
  options: LearnOptions,
  baseline: number | null = null,
): Fitted {
  if (queries.length < LEAST_QUERIES) {
    throw new NoPolicy(
      `${queries.length} labelled queries are too few to learn from: it takes at least ${LEAST_QUERIES}`,
    );
  }
  const models = modelsOn(data, queries);
  const usable = usableOf(data, models, options.include);
  const pool = poolOf(data, queries, usable, baseline);
  const folds = foldsOf(queriesAt(data.queries, queries), FOLDS, String(options.seed));
  if (new Set(folds).size < LEAST_FOLDS) {
    throw new NoPolicy(
      `the ${queries.length} queries are of ${new Set(queries.map((query) => groupOf(data.queries[query]!))).size} groups, which are too few to fold: a group (its prompt, or \`group\`) is never split`,
    );
  }
  const fit = crossFit(data, queries, folds, pool, options.seed);
  const artifact = toArtifact(data.task, {
    ...fit,
    ...{ models: data.models, features: data.features, evidence: data.evidence },
    openEnded: data.answer.from === 'open',
    logprobs: modelsWithLogprobs(data, queries),
  });
  const tables = new Tables(data, queries, (position) => fit.judges[position]!);
  return {
    queries,
    // What is served is what single precision has left of the weights.
    fit: { ...fit, ...fromArtifact(artifact) },
    artifact,
    scorerSha256: sha256(canonicalJson(artifact)),
    models,
    reference: referenceOf(usable),
    pool,
    tables: [...tables.chains(pool)],
  };
}

/** Fewer would leave folds without a wrong answer. */
const LEAST_QUERIES = 50;
/** Two folds are left out at once, and something must be left to fit on. */
const LEAST_FOLDS = 3;

/**
 * The cheapest policy within one paired standard error of the most accurate one that the budget allows, on its chain; or the
 * cheapest that is as accurate as the target.
 * @throws {NoPolicy} when no policy meets the goal: says what would.
 */
export function learnPolicy(data: Dataset, fitted: Fitted, goal: Goal, options: LearnOptions): Learned {
  const { tables, queries, reference } = fitted;
  const referenceCost = Float64Array.from(
    queries,
    (query) => data.responses[reference.model]![query]!.costUsd,
  );
  const { found, compared } =
    goal.type === 'budget'
      ? search(tables, [{ share: goal.share, reference: referenceCost }])
      : searchTarget(tables, targetOf(fitted, goal.target));
  const first = found[0] ?? null;
  if (first === null) throw new NoPolicy(unmet(fitted, goal));
  const policy = policyOf(data, fitted, first.pick, referenceCost, options.seed);
  return { policy, artifact: fitted.artifact, fitted, ...first, compared };
}

function policyOf(
  data: Dataset,
  { queries, fit, scorerSha256, reference }: Fitted,
  pick: Candidate,
  referenceCost: Float64Array,
  seed: number,
): LearnedPolicy {
  const { chain } = pick.table;
  const rule = ruleOf(pick);
  return {
    formatVersion: 1,
    task: data.task,
    answer: data.answer,
    chain: chain.map((model) => data.models[model]!),
    rule,
    thresholds: thresholdsOf(rule, chain.length),
    modelAccuracy: chain.map((model) => fit.accuracy[model]!),
    scorerSha256,
    ...evidenceModels(data, chain),
    reference: data.models[reference.model]!,
    learnedFrom: learnedFrom(data, queries, seed),
    promised: {
      accuracy: pick.accuracy,
      costUsdPerQuery: pick.costUsd,
      costShare: costShareOf(
        pick.costUsd,
        referenceCost.reduce((sum, cost) => sum + cost, 0) / queries.length,
      ),
    },
    certificate: null,
  };
}

/** @param queries whose labels anything was chosen by. */
export function learnedFrom(
  data: Dataset,
  queries: readonly number[],
  seed: number,
): LearnedPolicy['learnedFrom'] {
  const labels = queries.map((query) => [
    data.queries[query]!.id,
    data.responses.map((ofModel) => ofModel[query]!.correct).join(''),
  ]);
  return { trainSha256: sha256(canonicalJson(labels)), queries: queries.length, seed };
}

/** Whom the scorer of a chain asks: nobody about a single model's response, which is served whatever they say. */
export function evidenceModels(
  { evidence }: Dataset,
  chain: readonly number[],
): Pick<LearnedPolicy, 'evidence'> {
  return chain.length === 1 ? {} : modelsOf(evidence);
}

/** The models of a dataset's evidence. */
export function modelsOf(evidence: Dataset['evidence']): Pick<LearnedPolicy, 'evidence'> {
  if (evidence === null) return {};
  const { judge, embedder } = evidence;
  return {
    evidence: {
      ...(judge === undefined ? {} : { judge: judge.model }),
      ...(embedder === undefined ? {} : { embedder: embedder.model }),
    },
  };
}

/**
 * The one function that reads the labels of queries that nothing was learned from. It is called after the policy has been
 * hashed, so that nothing here can flow back into it.
 */
export function measure(
  data: Dataset,
  fitted: Fitted,
  policy: LearnedPolicy,
  queries: readonly number[],
): LearnedFigures {
  const judge = servedJudge(data, fitted.fit, queries);
  const table = new Tables(data, queries, () => judge).chain(
    policy.chain.map((model) => data.models.indexOf(model)),
  );
  return figuresOf(data, queries, table, policy.rule, fitted.reference.model, () => judge);
}

/** By position: the single model's own estimate, which it meets itself; or an accuracy. */
function targetOf({ tables, queries, reference }: Fitted, target: 'best' | number): Float64Array {
  const alone = tables.find(({ chain }) => chain.length === 1 && chain[0] === reference.model)!;
  return Float64Array.from(queries, (_, at) => (target === 'best' ? valueAt(alone, at, 0) : target));
}

function unmet({ models, pool, reference, queries }: Fitted, goal: Goal): string {
  if (goal.type === 'accuracy') {
    return `no policy is as accurate as asked on ${queries.length} queries: lower --target-accuracy, or add models`;
  }
  const cheapest = Math.min(...pool.map((model) => models[model]!.costUsd)) / reference.costUsd;
  return `no policy is sure to stay within ${(100 * goal.share).toFixed(1)}% of the reference's cost: the cheapest model alone costs ${(100 * cheapest).toFixed(1)}%`;
}
