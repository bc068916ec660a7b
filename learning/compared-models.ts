import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import type { LeftOut } from './left-out.ts';

/**
 * The least share of the queries, or of responses, that something must be known of to go by it: more that is missing would be
 * missing for a reason.
 */
export const LEAST_COVERAGE = 0.9;

/** Models that are measured on the same queries. */
export interface ComparedModels<Model> {
  /** Those that have labelled responses to at least {@link LEAST_COVERAGE} of the queries that the chain has, in the given order. */
  readonly models: readonly Model[];
  /** The others. */
  readonly leftOut: readonly LeftOut[];
  /** Whether the chain and all of `models` have a labelled response to a query: figures are of such queries alone. */
  readonly isComplete: (query: RecordedQuery) => boolean;
}

/**
 * What a chain can be compared with. A query that few models lack is left out for all, since another one's mean would be of other
 * queries; a model that lacks many is left out instead.
 * @param models to be compared with, those of the chain too.
 */
export function comparedModels<Model extends { readonly model: string }>(
  chain: readonly string[],
  models: readonly Model[],
  queries: readonly RecordedQuery[],
  response: (model: string, queryId: string) => RecordedResponse | undefined,
): ComparedModels<Model> {
  const has = (model: string, { id }: RecordedQuery) => response(model, id)?.correct !== undefined;
  const ofChain = queries.filter((query) => chain.every((model) => has(model, query)));
  const counted = models.map((own) => ({
    own,
    count: ofChain.filter((query) => has(own.model, query)).length,
  }));
  const isKnown = ({ count }: { count: number }) => count >= LEAST_COVERAGE * ofChain.length;
  const kept = counted.filter(isKnown).map(({ own }) => own);
  const needed = [...new Set([...chain, ...kept.map(({ model }) => model)])];
  return {
    models: kept,
    leftOut: counted
      .filter((own) => !isKnown(own))
      .map(({ own, count }) => ({
        what: own.model,
        why: `has ${count} labelled responses to ${ofChain.length} queries`,
      })),
    isComplete: (query) => needed.every((model) => has(model, query)),
  };
}
