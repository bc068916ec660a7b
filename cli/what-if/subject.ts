import type { AnswerSpec } from '../../core/answer.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import type { Policy } from '../../core/policy.ts';
import { pinnedRule, type StopRule } from '../../core/stop-rule.ts';
import type { WhatIf } from '../../learning/what-if/re-decide.ts';
import type { ScorerRegistry } from '../../scorers/index.ts';
import type { Score } from '../../scorers/scorer.ts';
import type { PolicyFile } from '../simulate/policy-file.ts';

/** What is asked: another threshold, another chain, or another policy altogether. */
export interface Question {
  readonly threshold: number | null;
  readonly chain: readonly string[] | null;
  readonly policy: PolicyFile | null;
}

/** The question, put to queries of one policy version. */
export interface Subject {
  readonly recorded: Policy;
  readonly whatIf: WhatIf;
  readonly answer: AnswerSpec;
  /** Null where scoring leaves the process, or this process does not know the scorer: texts cannot be scored again. */
  readonly score: Score | null;
  /** Whether scoring asks a model, whose price for a stage that was not called nothing bounds. */
  readonly judged: boolean;
}

/** What a question leaves open is as in the version that the queries were pinned to. */
export function subjectOf(recorded: Policy, question: Question, scorers: ScorerRegistry): Subject {
  const { policy } = question;
  const chain = policy?.chain ?? question.chain ?? recorded.chain.map(({ model }) => model);
  const thresholds = chain.map(
    (_, stage) =>
      question.threshold ??
      policy?.thresholds[stage] ??
      recorded.thresholds[stage] ??
      recorded.thresholds.at(-1) ??
      1,
  );
  if (policy === null) {
    const { scorer, answer } = recorded;
    const local = !scorer.remote && scorers.names().includes(scorer.name);
    return {
      recorded,
      answer,
      whatIf: {
        ...{ chain, thresholds, scoresLastStage: scorer.scoresLastStage, sameScorer: true },
        ...ruleFor(question, chain, recorded),
        modelAccuracy: accuracyFor(chain, recorded),
      },
      score: local ? scorers.create(scorer) : null,
      judged: scorer.models.length > 0,
    };
  }
  const sameScorer =
    policy.scorer !== null &&
    canonicalJson([policy.scorer.name, policy.scorer.options, policy.answer]) ===
      canonicalJson([recorded.scorer.name, recorded.scorer.options, recorded.answer]);
  const remote = policy.scorer !== null && scorers.get(policy.scorer.name).remote;
  return {
    recorded,
    answer: policy.answer,
    whatIf: {
      ...{ chain, thresholds, scoresLastStage: policy.scoresLastStage, sameScorer },
      ...(policy.stopRule === null ? {} : { stopRule: policy.stopRule }),
      modelAccuracy: policy.modelAccuracy,
    },
    score: remote ? null : policy.score,
    judged: sameScorer && recorded.scorer.models.length > 0,
  };
}

/** The version's own rule, unless another threshold or chain is asked about: then it is the thresholds alone. */
function ruleFor(
  { threshold }: Question,
  chain: readonly string[],
  { chain: own, learned }: Policy,
): { readonly stopRule?: StopRule } {
  const isOwn = chain.length === own.length && own.every(({ model }, stage) => model === chain[stage]);
  return learned === undefined || threshold !== null || !isOwn ? {} : pinnedRule(learned.rule);
}

/** Known for the models that the version learned it of. */
function accuracyFor(chain: readonly string[], { chain: own, learned }: Policy): readonly number[] | null {
  if (learned === undefined) return null;
  const known = new Map(own.map(({ model }, stage) => [model, learned.modelAccuracy[stage] ?? 0]));
  return chain.map((model) => known.get(model) ?? 0);
}
