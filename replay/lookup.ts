import { canonicalJson } from '../core/canonical-json.ts';
import { costOf, type Rates } from '../core/price.ts';
import type { Picodollars } from '../core/money.ts';
import { sha256 } from '../core/request-hash.ts';
import type { RecordedResponse } from '../recorded/format.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { badRequest, modelNotFound, type Problem } from './problem.ts';
import type { ChatRequest } from './request.ts';
import { toUsage, type MeteredUsage } from './usage.ts';

/** What a recorded set has for a request. */
export interface Found {
  readonly queryId: string;
  readonly response: RecordedResponse;
}

export interface Lookup {
  /** The recorded query with equal messages, answered by the model. Of queries with equal messages the first is taken. */
  find(request: ChatRequest): Found | Problem;
  /**
   * A wrong response in the form of the right ones: a right one of the model to a query with another reference, billed with
   * the input of the query that was asked.
   * @param draw in [0, 1): which of them.
   */
  findWrong(model: string, found: Found, draw: number): RecordedResponse | Problem;
  /** What a usage of the model costs; of a model that is not in the set, nothing. */
  cost(model: string, usage: MeteredUsage): Picodollars;
}

export function createLookup(set: RecordedSet): Lookup {
  const queries = new Map<string, string>();
  for (const { id, messages } of set.queries) {
    const key = keyOf(messages);
    if (!queries.has(key)) queries.set(key, id);
  }
  const rates = new Map<string, Rates>(
    Object.entries(set.models).map(([model, details]) => [model, recordedPrices(details)[0].rates]),
  );
  const references = new Map(set.queries.map(({ id, reference }) => [id, reference]));
  return {
    findWrong(model, { queryId, response }, draw) {
      const reference = references.get(queryId);
      const others = [...(set.responses.get(model)?.values() ?? [])].filter(
        ({ id, correct }) =>
          correct === 1 && references.get(id) !== undefined && references.get(id) !== reference,
      );
      const other = others[Math.floor(draw * others.length)];
      if (reference === undefined || other === undefined) {
        const message = `A wrong answer in the place of "${queryId}" needs its reference, and a response of "${model}" that is labelled right, to a query with another reference`;
        return badRequest(message, 'messages', 'no_wrong_answer');
      }
      return { ...other, input_tokens: response.input_tokens, cached_tokens: response.cached_tokens ?? 0 };
    },
    find({ model, messages }) {
      const responses = set.responses.get(model);
      if (responses === undefined) return modelNotFound(model, [...set.responses.keys()]);
      const queryId = queries.get(keyOf(messages));
      if (queryId === undefined) {
        return badRequest(
          'The query is not in the recorded set: send the messages of one of its queries, unchanged',
          'messages',
          'query_not_recorded',
        );
      }
      const response = responses.get(queryId);
      if (response !== undefined) return { queryId, response };
      const message = `The recorded set has no response of "${model}" to the query "${queryId}"`;
      return badRequest(message, 'messages', 'query_not_recorded');
    },
    cost(model, usage) {
      const prices = rates.get(model);
      return prices === undefined ? 0n : costOf(toUsage(usage), prices);
    },
  };
}

/** Messages are long and many; a hash of them is neither. */
function keyOf(messages: readonly object[]): string {
  return sha256(canonicalJson(messages));
}
