import { canonicalJson } from '../core/canonical-json.ts';
import { sha256 } from '../core/request-hash.ts';
import { gradeReply } from '../recorded/evidence.ts';
import type { RecordedResponse } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { GRADE_PROMPT, judgeMessages } from '../scorers/judge.ts';
import { embeddedQuery, embeddedText } from '../scorers/learned/evidence.ts';

/** A judge's recorded reply to a request about one response. */
export interface FoundJudgement {
  readonly queryId: string;
  readonly response: RecordedResponse;
}

export interface FoundVector {
  readonly queryId: string;
  readonly vector: Float64Array;
  readonly inputTokens: number;
}

/** What a set has of judges and embedders, found by what they are asked. Made when a model is first asked: it takes a hash of every text. */
export interface EvidenceLookup {
  /** Undefined where the model judges nothing here; null where it was not asked this. */
  judgement(model: string, messages: readonly object[]): FoundJudgement | null | undefined;
  vector(model: string, text: string): FoundVector | null | undefined;
  readonly judges: readonly string[];
  readonly embedders: readonly string[];
}

export function createEvidenceLookup(set: RecordedSet): EvidenceLookup {
  const judges = new Map<string, Map<string, FoundJudgement>>();
  const embedders = new Map<string, Map<string, FoundVector>>();
  const { judgements, embeddings } = set.evidence ?? { judgements: new Map(), embeddings: new Map() };
  const messagesOf = new Map(set.queries.map(({ id, messages }) => [id, messages]));
  return {
    judges: [...judgements.keys()],
    embedders: [...embeddings.keys()],
    judgement(judge, messages) {
      if (!judgements.has(judge)) return undefined;
      const known = judges.get(judge) ?? judgementsOf(set, judge, messagesOf);
      judges.set(judge, known);
      return known.get(keyOf(messages)) ?? null;
    },
    vector(embedder, text) {
      if (!embeddings.has(embedder)) return undefined;
      const known = embedders.get(embedder) ?? vectorsOf(set, embedder, messagesOf);
      embedders.set(embedder, known);
      return known.get(sha256(text)) ?? null;
    },
  };
}

type Messages = ReadonlyMap<string, RecordedSet['queries'][number]['messages']>;

function judgementsOf(set: RecordedSet, judge: string, messagesOf: Messages): Map<string, FoundJudgement> {
  const found = new Map<string, FoundJudgement>();
  for (const { id, model, grade, ...tokens } of set.evidence?.judgements.get(judge)?.values() ?? []) {
    const messages = messagesOf.get(id);
    const judged = set.responses.get(model)?.get(id);
    if (messages === undefined || judged === undefined) continue;
    const key = keyOf(judgeMessages(GRADE_PROMPT, { messages }, { text: judged.text, answer: null }));
    const text = grade === null ? 'I cannot tell.' : gradeReply(grade);
    if (!found.has(key)) found.set(key, { queryId: id, response: { id, model: judge, text, ...tokens } });
  }
  return found;
}

function vectorsOf(set: RecordedSet, embedder: string, messagesOf: Messages): Map<string, FoundVector> {
  const found = new Map<string, FoundVector>();
  for (const { id, model, vector, input_tokens } of set.evidence?.embeddings.get(embedder)?.values() ?? []) {
    const response = model === undefined ? undefined : set.responses.get(model)?.get(id);
    const text =
      model === undefined
        ? embeddedQuery(messagesOf.get(id) ?? [])
        : response === undefined
          ? null
          : embeddedText(response.text);
    if (text === null || found.has(sha256(text))) continue;
    found.set(sha256(text), { queryId: id, vector, inputTokens: input_tokens });
  }
  return found;
}

function keyOf(messages: readonly object[]): string {
  return sha256(canonicalJson(messages));
}
