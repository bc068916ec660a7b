import { extractAnswer, type AnswerSpec } from '../core/answer.ts';
import type { EvidenceModels } from '../core/learned-policy.ts';
import { costOf } from '../core/price.ts';
import { usdOf } from '../core/usd.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { recordedUsage } from '../recorded/usage.ts';
import { dissectResponse, promptOf } from '../scorers/learned/features/dissect.ts';
import type { EvidenceSource } from '../scorers/learned/artifact.ts';
import type { Feature } from '../scorers/learned/features/feature.ts';
import { featuresWith } from '../scorers/learned/features/index.ts';
import { responseNgrams, type SparseVector } from '../scorers/learned/ngrams.ts';
import { boughtEvidence } from './bought-evidence.ts';
import { LEAST_COVERAGE } from './compared-models.ts';
import type { LeftOut } from './left-out.ts';
import { responseToScore } from './scored-response.ts';

/**
 * A recorded set as arrays: every model's response to every query, taken apart once. What is learned, searched and
 * measured is read from here by the numbers of models and queries.
 */
export interface Dataset {
  readonly task: string;
  readonly answer: AnswerSpec;
  /** Ascending by mean cost on the queries that are not test: a chain is an ascending list of numbers. */
  readonly models: readonly string[];
  /** Marked as billed for reasoning that the recorded counts lack: in no chain, and no reference. */
  readonly hidden: readonly boolean[];
  readonly queries: readonly RecordedQuery[];
  /** By model, then by query. */
  readonly responses: readonly (readonly Response[])[];
  /** Of each response, in the order of its values. */
  readonly features: readonly Feature[];
  /** Null where nothing is bought about responses. */
  readonly evidence: EvidenceSource | null;
  /** What the first response of a query costs beside its own evidence, in USD: to have the query embedded. Absent for nothing. */
  readonly queryEvidenceUsd?: Float64Array;
}

/** A model's response to a query. */
export interface Response {
  readonly answer: string | null;
  /** Number of its candidate among the query's answers; −1 without an answer. */
  readonly candidate: number;
  /** The label: 1 for right. */
  readonly correct: 0 | 1;
  /** Of the call, in USD. */
  readonly costUsd: number;
  /** Of what a cascade buys to score it: its judgement and its embedding. Absent for nothing. */
  readonly evidenceUsd?: number;
  /** Values of the dataset's features, in their order; NaN where one does not apply. */
  readonly features: Float64Array;
  readonly ngrams: SparseVector;
}

/** The part of a set that can be learned from. Which part depends on where labels are, and never on what they say. */
export interface Comparable {
  readonly task: string;
  /** Ascending by mean cost on the queries that are not test. */
  readonly models: readonly string[];
  readonly queries: readonly RecordedQuery[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Every model that answered nearly every query, and every query that all of those answered, with labels.
 * @throws {Error} when nothing is left to learn from.
 */
export function comparable(set: RecordedSet): Comparable {
  const leftOut: LeftOut[] = [];
  const has = (model: string, id: string): boolean => labelled(set, model, id) !== undefined;
  const kept = Object.keys(set.models).filter((model) => {
    const count = set.queries.filter(({ id }) => has(model, id)).length;
    if (count >= LEAST_COVERAGE * set.queries.length) return true;
    leftOut.push({ what: model, why: `has ${count} labelled responses to ${set.queries.length} queries` });
    return false;
  });
  const queries = set.queries.filter(({ id }) => kept.every((model) => has(model, id)));
  const task = queries[0]?.task;
  if (task === undefined || kept.length === 0) {
    const reasons = leftOut.map(({ what, why }) => `${what} ${why}`).join('; ');
    throw new Error(
      `nothing to learn from: no query has labelled responses of all models${reasons === '' ? '' : ` (${reasons})`}; see docs/learning.md`,
    );
  }
  if (queries.length < set.queries.length) {
    const without = set.queries.length - queries.length;
    leftOut.push({ what: `${without} queries`, why: 'not every model has a labelled response to them' });
  }
  const models = byMeanCost(
    kept,
    queries.filter(({ split }) => split !== 'test'),
    set,
  );
  return { task, models, queries, leftOut };
}

/** A model's response to a query; undefined without a label. */
export function labelled(set: RecordedSet, model: string, id: string): RecordedResponse | undefined {
  const response = set.responses.get(model)?.get(id);
  return response?.correct === undefined ? undefined : response;
}

/**
 * What is {@link comparable} of a set, with every response taken apart.
 * @param names of the judge and the embedder whose recorded evidence is learned from.
 * @throws {Error} when nothing is left to learn from, or the set lacks the evidence.
 */
export function toDataset(
  set: RecordedSet,
  answer: AnswerSpec,
  names: EvidenceModels = {},
): { dataset: Dataset; leftOut: LeftOut[] } {
  const { task, models, queries, leftOut } = comparable(set);
  const candidates = queries.map(() => new Map<string, number>());
  const prompts = queries.map((query) => promptOf({ task, messages: query.messages, parameters: {} }));
  const bought = boughtEvidence(set, names);
  const features = featuresWith({ judge: names.judge !== undefined, embedder: names.embedder !== undefined });
  const responses = models.map((model) =>
    queries.map((query, at): Response => {
      const recorded = labelled(set, model, query.id)!;
      const found = extractAnswer(recorded.text, answer, models.indexOf(model));
      const numbers = candidates[at]!;
      if (found !== null && !numbers.has(found)) numbers.set(found, numbers.size);
      const own = bought?.of(query.id, model, found !== null);
      const inText = answer.from === 'open' ? null : found;
      const parts = dissectResponse(prompts[at]!, responseToScore(recorded, 0, inText), own?.evidence);
      return {
        answer: found,
        candidate: found === null ? -1 : numbers.get(found)!,
        correct: recorded.correct!,
        costUsd: costUsd(recorded, model, set),
        ...(own === undefined ? {} : { evidenceUsd: own.costUsd }),
        features: Float64Array.from(features, (feature) => feature.of(parts) ?? Number.NaN),
        ngrams: responseNgrams(recorded.text),
      };
    }),
  );
  const dataset: Dataset = {
    task,
    answer,
    models,
    hidden: models.map((model) => set.models[model]?.hidden_reasoning_tokens === true),
    queries,
    responses,
    features,
    evidence: bought?.source ?? null,
    ...(bought === null
      ? {}
      : { queryEvidenceUsd: Float64Array.from(queries, ({ id }) => bought.queryCostUsd(id)) }),
  };
  return { dataset, leftOut: [...leftOut, ...(bought?.leftOut() ?? [])] };
}

function byMeanCost(
  models: readonly string[],
  queries: readonly RecordedQuery[],
  set: RecordedSet,
): string[] {
  const total = (model: string): number =>
    queries.reduce((sum, { id }) => sum + costUsd(set.responses.get(model)!.get(id)!, model, set), 0);
  const totals = new Map(models.map((model) => [model, total(model)]));
  return [...models].sort((a, b) => totals.get(a)! - totals.get(b)! || (a < b ? -1 : 1));
}

function costUsd(response: RecordedResponse, model: string, set: RecordedSet): number {
  return usdOf(costOf(recordedUsage(response), recordedPrices(set.models[model]!)[0].rates));
}
