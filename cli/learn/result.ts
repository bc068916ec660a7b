import type { AnswerSpec } from '../../core/answer.ts';
import type { Certificate } from '../../core/certificate.ts';
import type { EvidenceModels } from '../../core/learned-policy.ts';
import type { StopRule } from '../../core/stop-rule.ts';
import type { LearnedFigures } from '../../learning/figures.ts';
import type { Forecast } from '../../learning/guarantee/forecast.ts';
import type { LabelDisagreement } from '../../learning/label-disagreement.ts';
import type { ResplitSummary } from '../../learning/resplits.ts';
import type { LeftOut } from '../../learning/left-out.ts';
import type { RightAnswers } from '../../learning/right-answers.ts';

/** What `learn` says, as `--json` prints it: shares and accuracies in [0, 1], costs in USD. */
export interface LearnResult {
  readonly task: string;
  readonly goal: string;
  readonly seed: number;
  /** Where an answer is found in a response: the settings' extractor, or the one that fits the labels best. */
  readonly answer: AnswerSpec;
  readonly chain: readonly string[];
  readonly rule: StopRule['type'];
  /** The rule's own: `threshold`, or `lambda_usd` with the steps. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** What the rule comes down to, for each stage. */
  readonly thresholds: readonly number[];
  /** `single-model` where no cascade beats it. */
  readonly recommendation: 'cascade' | 'single-model';
  readonly reference: string;
  /** Whom the scorer asks about each response; absent where it asks nobody. */
  readonly evidence?: EvidenceModels;
  readonly policies_compared: number;
  readonly promised: {
    readonly accuracy: number;
    readonly cost_usd_per_query: number;
    readonly cost_share: number;
  };
  /** Cross-fitted. */
  readonly train: LearnedFigures;
  /** Held out; null where the set has no such queries. */
  readonly test: LearnedFigures | null;
  /** Of every model alone, on the same queries, cheapest first. */
  readonly models: readonly SingleModelFigures[];
  /** Of single models, at the policy's cost: what a cascade must beat. */
  readonly best_mixture: { readonly train: MixtureFigures; readonly test: MixtureFigures | null };
  /** What no other policy of the search was both cheaper and more accurate than, on train. */
  readonly frontier: readonly FrontierPoint[];
  readonly label_disagreement: LabelDisagreement;
  readonly right_answers: RightAnswers;
  readonly left_out: readonly LeftOut[];
  readonly certification: CertificationResult | null;
  readonly resplits: ResplitSummary | null;
  readonly policy_sha256: string;
  readonly scorer_sha256: string;
}

export interface SingleModelFigures {
  readonly model: string;
  readonly in_pool: boolean;
  readonly train: { readonly accuracy: number; readonly cost_share: number };
  readonly test: { readonly accuracy: number; readonly cost_share: number } | null;
}

/** Queries go to one of several models by chance. The shares are chosen by the labels of train. */
export interface MixtureFigures {
  readonly accuracy: number;
  readonly cost_share: number;
  readonly shares: readonly { readonly model: string; readonly share: number }[];
}

export interface FrontierPoint {
  readonly cost_share: number;
  readonly accuracy: number;
  readonly chain: readonly string[];
}

export interface CertificationResult {
  readonly statement: string;
  readonly forecast: Forecast;
  readonly certificate: Certificate | null;
  /** Of the points that were visited, in the order of the path. */
  readonly p_values: readonly number[];
  /** What they were held against: δ / 2^use. */
  readonly level: number;
  /** Every point of the path on the selection data, from the baseline alone to the cheapest. */
  readonly path: readonly PathPoint[];
  readonly labels_needed: number | null;
  /** What the plug-in threshold would have chosen, a place on the path: it certifies nothing. Null: no point looks good enough. */
  readonly plug_in: number | null;
  readonly point: number;
}

/** A point of a path as the selection data shows it. */
export interface PathPoint {
  readonly accuracy: number;
  /** Of the reference's cost. */
  readonly cost_share: number;
}
