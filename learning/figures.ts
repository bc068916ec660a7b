import { ownScoreConfidence, pairConfidences } from './scorer-figures.ts';
import type { StopRule } from '../core/stop-rule.ts';
import { bootstrapShare } from './bootstrap.ts';
import { costShareOf } from './cost-share.ts';
import type { Dataset, Response } from './dataset.ts';
import type { ChainTable } from './frontier.ts';
import { auroc, calibrationError, reliability, type ReliabilityBin } from './metrics.ts';
import { outcomesAt, type ServedOutcomes } from './outcomes-at.ts';
import { uniformOf } from './random.ts';
import type { Judge } from './sets.ts';

/** What a learned policy did on some queries, and how good its scorer was there. Shares and accuracies in [0, 1]. */
export interface LearnedFigures {
  readonly queries: number;
  readonly accuracy: number;
  /** 95% of bootstrap resamples; exact where all are right, or none is. */
  readonly accuracy_interval: readonly [number, number];
  /** The reference model's on the same queries. */
  readonly reference_accuracy: number;
  readonly cost_usd_per_query: number;
  /** Of the reference's cost on the same queries. */
  readonly cost_share: number;
  /** Share of the queries that reached each stage. */
  readonly escalation: readonly number[];
  /** Share of the spend on responses that differ from the served answer; 0 where nothing was spent. */
  readonly discarded_share: number;
  /** Share of the spend beside the served responses: discarded ones, and those that agreed. */
  readonly paid_twice_share: number;
  /** Where that goes: of each stage's calls, as shares of all spend; together they sum to 1, or to 0 where nothing was spent. */
  readonly spend_by_stage: readonly StageSpend[];
  /** Of the own score, mean within models: P(a right response scores above a wrong one of the same model). */
  readonly auroc: number | null;
  /** By model. */
  readonly auroc_by_model: Readonly<Record<string, number | null>>;
  /** With the response of one other model to agree with: mean over all ordered pairs. */
  readonly auroc_agreement: number | null;
  /** Calibration error of the own score, over all models' responses, in ten bins of equally many. */
  readonly ece: number;
  /** The same of the served answers' confidence, and what perfect calibration would show with so few. */
  readonly ece_answer: number;
  readonly ece_answer_if_perfect: number;
  readonly reliability: readonly ReliabilityBin[];
}

/** What a stage's calls cost, by what became of their responses; shares of the spend of all stages. */
export interface StageSpend {
  readonly model: string;
  /** Its response was served. */
  readonly served: number;
  /** Another response was served, with the same answer. */
  readonly agreed: number;
  /** Another answer was served, or this response held none. */
  readonly discarded: number;
  /** The judge and the embedder were asked about its responses; absent where none is. */
  readonly scoring?: number;
}

const SEED = 1;

/**
 * @param table of the policy's chain on the queries. @param rule the policy's, or thresholds by stage. @param judgeOf of a query's position: a scorer that has not seen it.
 */
export function figuresOf(
  data: Dataset,
  queries: readonly number[],
  table: ChainTable,
  rule: StopRule | readonly number[],
  reference: number,
  judgeOf: (position: number) => Judge,
): LearnedFigures {
  const served = outcomesAt(table, rule);
  const mean = (values: ArrayLike<number>): number => sum(values) / queries.length;
  const ofReference = queries.map((query) => data.responses[reference]![query]!);
  const right = Array.from(served.right);
  const { low, high } = bootstrapShare(right, SEED);
  const confidences = Array.from(served.confidence);
  const own = ownScoreConfidence(data, queries, judgeOf);
  const byModel = data.models.map((_, model) => auroc(own[model]!, labelsOf(data, queries, model)));
  return {
    queries: queries.length,
    accuracy: mean(right),
    accuracy_interval: [low, high],
    reference_accuracy: mean(ofReference.map(({ correct }) => correct)),
    cost_usd_per_query: mean(served.costUsd),
    cost_share: costShareOf(sum(served.costUsd), sum(ofReference.map(({ costUsd }) => costUsd))),
    escalation: table.chain.map((_, stage) =>
      mean(Array.from(served.stops, (stop) => (stop >= stage ? 1 : 0))),
    ),
    ...billedTwice(data, queries, table, served),
    auroc: meanOf(byModel),
    auroc_by_model: Object.fromEntries(data.models.map((model, at) => [model, byModel[at]!])),
    auroc_agreement: meanOf(
      pairConfidences(data, queries, judgeOf).map(({ model, confidences: of }) =>
        auroc(of, labelsOf(data, queries, model)),
      ),
    ),
    ece: calibrationError(
      own.flat(),
      data.models.flatMap((_, model) => labelsOf(data, queries, model)),
    ),
    ece_answer: calibrationError(confidences, right),
    ece_answer_if_perfect: perfectError(confidences),
    reliability: reliability(confidences, right),
  };
}

function labelsOf(data: Dataset, queries: readonly number[], model: number): number[] {
  return queries.map((query) => data.responses[model]![query]!.correct);
}

function billedTwice(
  data: Dataset,
  queries: readonly number[],
  { chain, stages }: ChainTable,
  { stops, costUsd }: ServedOutcomes,
): Pick<LearnedFigures, 'discarded_share' | 'paid_twice_share' | 'spend_by_stage'> {
  const total = sum(costUsd);
  const shareOf = (usd: number): number => (total === 0 ? 0 : usd / total);
  const byStage = chain.map((model) => ({
    model: data.models[model]!,
    ...{ served: 0, agreed: 0, discarded: 0 },
    ...(data.evidence === null ? {} : { scoring: 0 }),
  }));
  for (const [at, query] of queries.entries()) {
    const servedModel = stages[stops[at]!]!.served[at]!;
    const servedCandidate = data.responses[servedModel]![query]!.candidate;
    for (const [stage, model] of chain.slice(0, stops[at]! + 1).entries()) {
      const response = data.responses[model]![query]!;
      const agrees = response.candidate >= 0 && response.candidate === servedCandidate;
      const became = model === servedModel ? 'served' : agrees ? 'agreed' : 'discarded';
      const own: { scoring?: number } & Record<typeof became, number> = byStage[stage]!;
      own[became] += shareOf(response.costUsd);
      if (own.scoring !== undefined && chain.length > 1)
        own.scoring += shareOf(scoringUsd(data, response, query, stage));
    }
  }
  const discarded = sum(byStage.map((stage) => stage.discarded));
  return {
    discarded_share: discarded,
    paid_twice_share: discarded + sum(byStage.map(({ agreed }) => agreed)),
    spend_by_stage: byStage,
  };
}

/** What was bought to score a stage's response. */
function scoringUsd(data: Dataset, { evidenceUsd = 0 }: Response, query: number, stage: number): number {
  return evidenceUsd + (stage === 0 ? (data.queryEvidenceUsd?.[query] ?? 0) : 0);
}

const DRAWS = 200;

/** The calibration error that confidences would show if each were exactly the chance of being right: mean of {@link DRAWS} draws. */
function perfectError(confidences: readonly number[]): number {
  const uniform = uniformOf(SEED);
  let total = 0;
  for (let draw = 0; draw < DRAWS; draw++) {
    total += calibrationError(
      confidences,
      confidences.map((confidence) => (uniform() < confidence ? 1 : 0)),
    );
  }
  return total / DRAWS;
}

function meanOf(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : sum(known) / known.length;
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i]!;
  return total;
}
