import { canonicalJson } from '../core/canonical-json.ts';
import { costOf, type Rates } from '../core/price.ts';
import type { Picodollars } from '../core/money.ts';
import { sha256 } from '../core/request-hash.ts';
import type { RecordedResponse } from '../recorded/format.ts';
import { recordedPrices } from '../recorded/prices.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { badRequest, modelNotFound, type Problem } from './problem.ts';
import { createEvidenceLookup } from './evidence-lookup.ts';
import type { ChatRequest, EmbeddingsRequest } from './request.ts';
import { NOTHING_METERED, toUsage, type MeteredUsage } from './usage.ts';

/** What a recorded set has for a request. */
export interface Found {
  readonly queryId: string;
  readonly response: RecordedResponse;
}

/** What a recorded set has for texts that are to be embedded. */
export interface FoundVectors {
  /** Of the first text. */
  readonly queryId: string;
  readonly vectors: readonly Float64Array[];
  readonly usage: MeteredUsage;
}

export interface Lookup {
  /**
   * The recorded query with equal messages, answered by the model; of queries with equal messages the first. For a judge of the
   * set: its judgement of the response that the messages show.
   */
  find(request: ChatRequest): Found | Problem;
  /** The vectors of an embedder of the set, one for each text. */
  findVectors(request: EmbeddingsRequest): FoundVectors | Problem;
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
    Object.entries({ ...set.evidence?.models, ...set.models }).map(([model, details]) => [
      model,
      recordedPrices(details)[0].rates,
    ]),
  );
  const evidence = createEvidenceLookup(set);
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
    findVectors({ model, input }) {
      const texts = typeof input === 'string' ? [input] : input;
      const found = texts.flatMap((text) => evidence.vector(model, text) ?? []);
      const [first] = found;
      if (!evidence.embedders.includes(model)) return modelNotFound(model, evidence.embedders);
      if (first === undefined || found.length < texts.length) {
        const message = `The recorded set has no embedding by "${model}" of such a text: send a query or a response of it, as "escalier annotate" does`;
        return badRequest(message, 'input', 'text_not_recorded');
      }
      return {
        queryId: first.queryId,
        vectors: found.map(({ vector }) => vector),
        usage: {
          ...NOTHING_METERED,
          input_tokens: found.reduce((sum, { inputTokens }) => sum + inputTokens, 0),
        },
      };
    },
    find({ model, messages }) {
      const judged = evidence.judgement(model, messages);
      if (judged !== null && judged !== undefined) return judged;
      const responses = set.responses.get(model);
      if (responses === undefined && judged === null) {
        const message = `The recorded set has no judgement by "${model}" of what these messages show: judge a response of it, with the built-in prompt`;
        return badRequest(message, 'messages', 'query_not_recorded');
      }
      if (responses === undefined) return modelNotFound(model, [...set.responses.keys(), ...evidence.judges]);
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
