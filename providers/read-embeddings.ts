import { packVector, unpackVector } from '../core/vector.ts';
import { isFields } from './json.ts';
import type { Reading } from './read-completion.ts';

/**
 * What a list of embeddings gives: a usable response, or why a 200 is none. Vectors are kept as base64 of single-precision
 * numbers, in the order of the texts.
 * @param texts how many were sent.
 */
export function readEmbeddings(body: unknown, texts: number): Reading {
  const error = isFields(body) ? body['error'] : undefined;
  if (error !== undefined && error !== null && error !== '') return { type: 'error', error };
  const data = isFields(body) ? body['data'] : undefined;
  if (!Array.isArray(data)) {
    return {
      type: 'unusable',
      kind: 'unknown-response',
      explanation: 'the response is no list of embeddings',
      response: null,
    };
  }
  const vectors = new Array<string>(texts);
  for (const [place, row] of (data as unknown[]).entries()) {
    const index = isFields(row) && typeof row['index'] === 'number' ? row['index'] : place;
    const vector = isFields(row) ? vectorOf(row['embedding']) : null;
    if (vector !== null && index < texts) vectors[index] = vector;
  }
  const missing = Array.from(vectors).filter((vector: string | undefined) => vector === undefined).length;
  if (missing > 0) {
    const explanation = `the response lacks the vectors of ${missing} of ${texts} texts`;
    return { type: 'unusable', kind: 'empty-response', explanation, response: null };
  }
  return {
    type: 'usable',
    response: {
      text: vectors.join('\n'),
      message: { role: 'embedder', vectors },
      finishReason: 'stop',
      logprobs: null,
    },
  };
}

/** Numbers, or what a server sends that encodes them whatever it is asked. */
function vectorOf(value: unknown): string | null {
  if (typeof value === 'string') return isVector(value) ? value : null;
  if (!Array.isArray(value) || value.length === 0) return null;
  const numbers = value as unknown[];
  return numbers.every((number) => typeof number === 'number') ? packVector(numbers) : null;
}

function isVector(text: string): boolean {
  try {
    unpackVector(text);
    return true;
  } catch {
    // Not base64 of such numbers.
    return false;
  }
}
