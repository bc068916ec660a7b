import type { EvidenceModels } from '../core/learned-policy.ts';
import type { Picodollars } from '../core/money.ts';
import { costOf } from '../core/price.ts';
import { usdOf } from '../core/usd.ts';
import { evidenceKey, type EmbeddedText } from '../recorded/evidence.ts';
import type { RecordedJudgement } from '../recorded/format.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { recordedUsage } from '../recorded/usage.ts';
import { GRADE_PROMPT } from '../scorers/judge.ts';
import type { EvidenceSource } from '../scorers/learned/artifact.ts';
import { embeddingOf, type Evidence } from '../scorers/learned/evidence.ts';
import { LEAST_COVERAGE } from './compared-models.ts';
import type { LeftOut } from './left-out.ts';

/** The evidence of a recorded set, as a cascade would buy it. */
export interface BoughtEvidence {
  readonly source: EvidenceSource;
  /** @param answered whether the response holds an answer: others are not judged. */
  of(id: string, model: string, answered: boolean): { readonly evidence: Evidence; readonly costUsd: number };
  /** Of embedding the query itself. */
  queryCostUsd(id: string): number;
  /** What was looked for by now and is not in the set. @throws {Error} where that is too much to learn from the rest. */
  leftOut(): LeftOut[];
}

/**
 * @returns null where none is named.
 * @throws {Error} where the set has none of it: names the command that adds it.
 */
export function boughtEvidence(set: RecordedSet, { judge, embedder }: EvidenceModels): BoughtEvidence | null {
  if (judge === undefined && embedder === undefined) return null;
  const judgements = judge === undefined ? null : recordedOf(set, 'judgements', judge);
  const embeddings = embedder === undefined ? null : recordedOf(set, 'embeddings', embedder);
  const dimensions = [...(embeddings?.values() ?? [])][0]?.vector.length ?? 0;
  const counts = { judgements: { count: 0, of: 0 }, embeddings: { count: 0, of: 0 } };
  const look = <Row>(kind: keyof typeof counts, row: Row | undefined): Row | null => {
    counts[kind].of++;
    if (row === undefined) counts[kind].count++;
    return row ?? null;
  };
  return {
    source: {
      ...(judge === undefined ? {} : { judge: { model: judge, prompt: GRADE_PROMPT } }),
      ...(embedder === undefined ? {} : { embedder: { model: embedder, dimensions } }),
    },
    of(id, model, answered) {
      const key = evidenceKey(id, model);
      const judged = judgements === null || !answered ? null : look('judgements', judgements.get(key));
      const embedded = embeddings === null ? null : look('embeddings', embeddings.get(key));
      const query = embeddings?.get(evidenceKey(id))?.vector ?? null;
      return {
        evidence: {
          grade: judged?.grade ?? null,
          embedding: embedded === null ? null : embeddingOf(query, embedded.vector),
        },
        costUsd: usdOf(evidenceCost(set, judge, judged) + evidenceCost(set, embedder, embedded)),
      };
    },
    queryCostUsd: (id) => usdOf(evidenceCost(set, embedder, embeddings?.get(evidenceKey(id)))),
    leftOut: () =>
      Object.entries(counts).flatMap(([what, { count, of }]) => {
        if (count > (1 - LEAST_COVERAGE) * of)
          throw new Error(`the set lacks ${count} of the ${of} ${what} that it takes${ADD}`);
        if (count === 0) return [];
        return [
          { what: `${count} of ${of} ${what}`, why: 'are not in the set: there the scorer does without' },
        ];
      }),
  };
}

/** What a judgement or an embedding of a set cost, at the set's prices; nothing where there is none. */
export function evidenceCost(
  { evidence }: RecordedSet,
  name: string | undefined,
  row: RecordedJudgement | EmbeddedText | null | undefined,
): Picodollars {
  const model = name === undefined ? undefined : evidence?.models[name];
  if (model === undefined || row === null || row === undefined) return 0n;
  return costOf(recordedUsage(row), recordedPrices(model)[0].rates);
}

function recordedOf<Kind extends 'judgements' | 'embeddings'>(set: RecordedSet, kind: Kind, name: string) {
  const rows = set.evidence?.[kind].get(name);
  if (rows === undefined) throw new Error(`the set has no ${kind} of "${name}"${ADD}`);
  return rows as Kind extends 'judgements'
    ? ReadonlyMap<string, RecordedJudgement>
    : ReadonlyMap<string, EmbeddedText>;
}

const ADD = ': fill them in with "escalier annotate" (docs/learning.md)';
