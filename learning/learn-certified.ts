import { canonicalJson } from '../core/canonical-json.ts';
import type { LearnedPolicy } from '../core/learned-policy.ts';
import { sha256 } from '../core/request-hash.ts';
import { thresholdsOf, type StopRule } from '../core/stop-rule.ts';
import { costShareOf } from './cost-share.ts';
import { servedJudge } from './cross-fit.ts';
import type { Dataset } from './dataset.ts';
import type { ChainTable } from './frontier.ts';
import { certify, levelOf, splitSha256, type Certification } from './guarantee/certify.ts';
import { choosePath } from './guarantee/choose-path.ts';
import { forecast, type Forecast } from './guarantee/forecast.ts';
import { freezeTest, testSha256, type Claim, type FrozenTest } from './guarantee/frozen-test.ts';
import type { PathOutcomes } from './guarantee/outcomes.ts';
import type { ClaimedSplit, ClaimedTest, Share, SplitUse } from './guarantee/uses.ts';
import { evidenceModels, fitScorers, learnedFrom, type Fitted, type LearnOptions } from './learn.ts';
import { outcomesAt } from './outcomes-at.ts';
import { choosePathChain } from './path-chain.ts';
import { groupOf, placeOf } from './split.ts';
import { Tables } from './tables.ts';

/** Share of train that is fitted and selected on; the rest is read once, to certify. */
const DEVELOP = 0.6;

/** Everything that was chosen without a certify label: frozen and hashed. */
export interface Frozen {
  readonly claim: Claim;
  readonly fitted: Fitted;
  readonly chain: readonly number[];
  /** At each point of the path but the first, which is the baseline alone. */
  readonly rules: readonly StopRule[];
  readonly test: FrozenTest;
  readonly selection: PathOutcomes;
  /** Numbers of the queries whose labels certify. */
  readonly certifyOn: readonly number[];
  readonly split: ClaimedSplit;
  /** How many policies were looked at for the path. */
  readonly compared: number;
}

/** The parts of train, as numbers of queries. */
export interface CertifyParts {
  readonly develop: readonly number[];
  /** One of each `group`: what a test counts is to be independent, and a conversation's queries fare alike. */
  readonly certifyOn: readonly number[];
  /** The others of their groups: neither learned from nor tested. */
  readonly repeated: readonly number[];
}

/** By a hash of their groups, and within a group of their ids, so that no label and no order plays a part. */
export function developAndCertify(queries: Dataset['queries'], train: readonly number[]): CertifyParts {
  const isDeveloped = (query: number): boolean =>
    placeOf(groupOf(queries[query]!), 'develop or certify') < DEVELOP;
  const rest = train.filter((query) => !isDeveloped(query));
  const first = new Map<string, { readonly query: number; readonly hash: string }>();
  for (const query of rest) {
    const { id, group } = queries[query]!;
    if (group === undefined) continue;
    const hash = sha256(id);
    const lowest = first.get(group);
    if (lowest === undefined || hash < lowest.hash) first.set(group, { query, hash });
  }
  const isTested = (query: number): boolean => {
    const { group } = queries[query]!;
    return group === undefined || first.get(group)?.query === query;
  };
  return {
    develop: train.filter(isDeveloped),
    certifyOn: rest.filter(isTested),
    repeated: rest.filter((query) => !isTested(query)),
  };
}

/**
 * Fits and selects on the develop part: scorers, chain, rule, and an ordered path of parameters that begins with the baseline
 * alone. No certify label is read but into the hash of the split.
 * @param claim `baseline` null: the most accurate single model.
 */
export function freeze(
  data: Dataset,
  train: readonly number[],
  claim: Omit<Claim, 'baseline'> & { readonly baseline: string | null },
  options: LearnOptions,
): Frozen {
  const { develop, certifyOn, repeated } = developAndCertify(data.queries, train);
  const wanted = claim.baseline === null ? null : baselineNamed(data, claim.baseline, options);
  const fitted = fitScorers(data, develop, options, wanted);
  const baseline = wanted ?? fitted.reference.model;
  const named: Claim = { ...claim, baseline: data.models[baseline]! };
  const chosen = choosePathChain(data, fitted, baseline, named, certifyOn.length);
  const level = levelOf(claim.delta, 1);
  const candidates = pathOutcomes(data, develop, chosen.table, chosen.rules, baseline);
  const selection = choosePath(named, candidates, certifyOn.length, level, options.seed);
  const kept = selection.points.slice(1).map(({ parameter }) => parameter);
  const rules = chosen.rules.filter((rule) => kept.includes(parameterOf(rule)));
  const policySha256 = sha256(
    canonicalJson({
      chain: chosen.table.chain,
      rule: chosen.rule,
      steps: chosen.table.steps.map(({ step }) => step),
      answer: data.answer,
    }),
  );
  const labels = new Map(
    certifyOn.map((query) => [
      data.queries[query]!.id,
      data.responses.map((ofModel) => ofModel[query]!.correct).join(''),
    ]),
  );
  return {
    claim: named,
    fitted,
    chain: chosen.table.chain,
    rules,
    test: freezeTest(named, { policySha256, scorerSha256: fitted.scorerSha256 }, selection),
    selection,
    certifyOn,
    split: {
      sha256: splitSha256(labels),
      // Those of its groups, too: whoever tests on another query of a conversation tests on it again.
      ids: [...certifyOn, ...repeated].map((query) => data.queries[query]!.id),
    },
    compared: chosen.compared,
  };
}

function baselineNamed(data: Dataset, name: string, { include }: LearnOptions): number {
  const baseline = data.models.indexOf(name);
  if (baseline === -1) throw new Error(`the set has no model "${name}" to hold a policy against`);
  if (data.hidden[baseline] && !include.includes(name)) {
    throw new Error(
      `${name} is marked hidden_reasoning_tokens, so that its cost is not known: name it with --include to hold a policy against it all the same`,
    );
  }
  return baseline;
}

/** The frozen test, for the register. */
export function claimedTest({ test }: Frozen): ClaimedTest {
  return { sha256: testSha256(test), delta: test.delta };
}

/** What may be expected of the certificate, from the selection data alone. */
export function forecastOf(
  { test, selection, certifyOn }: Frozen,
  { use, delta }: Share,
  seed: number,
): Forecast {
  return forecast(test, selection, certifyOn.length, levelOf(delta, use), seed);
}

export interface CertifiedPolicy {
  readonly policy: LearnedPolicy;
  readonly certification: Certification;
}

/** The one reading of the certify labels. Only the point on the path follows from it. */
export function certifyFrozen(
  data: Dataset,
  frozen: Frozen,
  use: SplitUse,
  options: LearnOptions,
): CertifiedPolicy {
  const { fitted, certifyOn, claim, chain, rules, test } = frozen;
  const baseline = data.models.indexOf(claim.baseline);
  const judge = servedJudge(data, fitted.fit, certifyOn);
  const table = new Tables(data, certifyOn, () => judge).chain(chain);
  const sample = pathOutcomes(data, certifyOn, table, rules, baseline);
  const certification = certify(test, sample, use, options.seed);
  const { point, certificate } = certification;
  const isCascade = point > 0;
  const rule: StopRule = isCascade ? rules[point - 1]! : { type: 'threshold', threshold: 0 };
  const served = isCascade ? chain : [baseline];
  const { points } = frozen.selection;
  const mean = (values: ArrayLike<number | boolean>): number =>
    Array.from(values, Number).reduce((sum, value) => sum + value, 0) / values.length;
  const costUsdPerQuery = mean(points[point]!.costUsd);
  const referenceCost = fitted.reference.costUsd;
  return {
    certification,
    policy: {
      formatVersion: 1,
      task: data.task,
      answer: data.answer,
      chain: served.map((model) => data.models[model]!),
      rule,
      thresholds: thresholdsOf(rule, served.length),
      modelAccuracy: served.map((model) => fitted.fit.accuracy[model]!),
      scorerSha256: fitted.scorerSha256,
      ...evidenceModels(data, served),
      reference: data.models[fitted.reference.model]!,
      learnedFrom: learnedFrom(data, fitted.queries, options.seed),
      promised: {
        accuracy: mean(points[point]!.right),
        costUsdPerQuery,
        costShare: costShareOf(costUsdPerQuery, referenceCost),
      },
      certificate,
    },
  };
}

/** What becomes of queries at each point of a path: the baseline alone, then the chain with each rule. */
function pathOutcomes(
  data: Dataset,
  queries: readonly number[],
  table: ChainTable,
  rules: readonly StopRule[],
  baseline: number,
): PathOutcomes {
  const alone = queries.map((query) => data.responses[baseline]![query]!);
  const baselineRight = alone.map(({ correct }) => correct === 1);
  const last = table.chain.length - 1;
  return {
    ids: queries.map((query) => data.queries[query]!.id),
    baselineRight,
    points: [
      {
        parameter: null,
        right: baselineRight,
        // Nothing that the baseline says is vouched for by a confidence.
        accepted: baselineRight.map(() => false),
        costUsd: alone.map(({ costUsd }) => costUsd),
      },
      ...rules.map((rule) => {
        const served = outcomesAt(table, rule);
        return {
          parameter: parameterOf(rule),
          right: Array.from(served.right, (right) => right === 1),
          accepted: Array.from(served.stops, (stop) => stop < last),
          costUsd: [...served.costUsd],
        };
      }),
    ],
  };
}

function parameterOf(rule: StopRule): number {
  return rule.type === 'threshold' ? rule.threshold : rule.lambdaUsd;
}
