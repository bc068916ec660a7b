import type { AnswerSpec } from './answer.ts';
import type { Certificate } from './certificate.ts';
import type { StopRule } from './stop-rule.ts';

/**
 * What `escalier learn` found, as `policy.json`: names and numbers, without connections, prices or limits, which the
 * task's settings add when it is promoted. The same input gives the same file, byte for byte: it holds no date.
 */
export interface LearnedPolicy {
  readonly formatVersion: 1;
  readonly task: string;
  readonly answer: AnswerSpec;
  /** Models by name, in ascending price order. One: no cascade beats this model. */
  readonly chain: readonly string[];
  readonly rule: StopRule;
  /** What the rule comes down to: see `thresholdsOf`. */
  readonly thresholds: readonly number[];
  /** Accuracy on train of each stage's model: of a candidate's members the most accurate model's is served. */
  readonly modelAccuracy: readonly number[];
  /** SHA-256 of the canonical JSON of `scorer.json`, which lies beside this file. */
  readonly scorerSha256: string;
  /** Whom the scorer asks about each response, by the settings' names; absent where it asks nobody. */
  readonly evidence?: EvidenceModels;
  /** The single model that costs and accuracies are compared with. */
  readonly reference: string;
  readonly learnedFrom: {
    /** SHA-256 of the ids and labels that anything was chosen on. */
    readonly trainSha256: string;
    readonly queries: number;
    readonly seed: number;
  };
  /** What the selection data promised for a query. */
  readonly promised: {
    readonly accuracy: number;
    readonly costUsdPerQuery: number;
    /** Of what the reference costs on the same queries. */
    readonly costShare: number;
  };
  readonly certificate: Certificate | null;
}

/** Models that give a learned scorer evidence beside the responses themselves; absent for none. */
export interface EvidenceModels {
  /** Grades each response that holds an answer. */
  readonly judge?: string;
  /** Embeds the query and each response. */
  readonly embedder?: string;
}
