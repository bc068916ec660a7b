import type { EvidenceModels } from '../core/learned-policy.ts';
import type { Picodollars } from '../core/money.ts';
import { evidenceKey, gradeReply } from '../recorded/evidence.ts';
import type { RecordedSet } from '../recorded/read.ts';
import type { ScoringContext } from '../scorers/scorer.ts';
import { evidenceCost } from './bought-evidence.ts';

/** What a query's scoring would have asked for, answered from a recorded set. */
export interface SimulatedEvidence {
  readonly context: ScoringContext;
  /** What was bought by now about each stage's response, by stage. A request counts once, however often it is asked for. */
  spent(): readonly ScoringSpend[];
}

/** Of the judge, and of the embedder. */
export interface ScoringSpend {
  readonly judging: Picodollars;
  readonly embedding: Picodollars;
}

/** @param modelAt the model of each stage. */
export type EvidenceOf = (queryId: string, modelAt: (stage: number) => string) => SimulatedEvidence;

/**
 * The recorded evidence of a learned scorer's judge and embedder. What the set lacks is as if the model had refused: nothing
 * is billed, and the scorer does without.
 */
export function simulatedEvidence(set: RecordedSet, { judge, embedder }: EvidenceModels): EvidenceOf {
  const judgements = judge === undefined ? undefined : set.evidence?.judgements.get(judge);
  const embeddings = embedder === undefined ? undefined : set.evidence?.embeddings.get(embedder);
  const lacking = [
    ...(judge !== undefined && judgements === undefined ? [`judgements of "${judge}"`] : []),
    ...(embedder !== undefined && embeddings === undefined ? [`embeddings of "${embedder}"`] : []),
  ];
  if (lacking.length > 0) {
    throw new Error(
      `the policy's scorer takes ${lacking.join(' and ')}, which the recorded set does not have: fill them in with "escalier annotate"`,
    );
  }
  return (id, modelAt) => {
    const spent: ScoringSpend[] = [];
    const pay = (stage: number, part: Partial<ScoringSpend>): void => {
      while (spent.length <= stage) spent.push({ judging: 0n, embedding: 0n });
      spent[stage] = { judging: 0n, embedding: 0n, ...spent[stage], ...part };
    };
    return {
      context: {
        signal: new AbortController().signal,
        ask({ stage = 0 }) {
          const judged = judgements?.get(evidenceKey(id, modelAt(stage)));
          pay(stage, { judging: evidenceCost(set, judge, judged) });
          return Promise.resolve({ text: gradeReply(judged?.grade ?? null), logprobs: null });
        },
        embed({ stage = 0, texts }) {
          const keys = [...(texts.length > 1 ? [evidenceKey(id)] : []), evidenceKey(id, modelAt(stage))];
          const found = keys.flatMap((key) => embeddings?.get(key) ?? []);
          if (found.length < keys.length) return Promise.resolve(null);
          const cost = found.reduce((sum, row) => sum + evidenceCost(set, embedder, row), 0n);
          pay(stage, { embedding: cost });
          return Promise.resolve(found.map(({ vector }) => vector));
        },
      },
      spent: () => spent,
    };
  };
}
