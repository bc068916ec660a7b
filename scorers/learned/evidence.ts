import type { JsonObject } from '../../core/policy.ts';
import { messageText } from '../../core/message.ts';

/** What was bought about a response, as features read it. */
export interface Evidence {
  /** A judge's, in [0, 1]; null where there is none. */
  readonly grade: number | null;
  /** Null where the response was not embedded. */
  readonly embedding: Embedding | null;
}

export interface Embedding {
  /** Of query and response, in [−1, 1]; null where the query was not embedded. */
  readonly cosine: number | null;
  /** {@link RESPONSE_COORDINATES} coordinates of the projected response. */
  readonly response: Float64Array;
  /** {@link QUERY_COORDINATES} coordinates of the projected query; null as above. */
  readonly query: Float64Array | null;
}

export const NO_EVIDENCE: Evidence = { grade: null, embedding: null };

/** An embedding has hundreds of numbers, and a policy is learned from hundreds of queries: this many are looked at. */
export const RESPONSE_COORDINATES = 48;
export const QUERY_COORDINATES = 16;

/**
 * The vectors of a response and of its query, reduced: each scaled to length 1 and projected by random signs,
 *
 *   f_j = Σ_i r_ij · x_i / √k,  r_ij = ±1 with equal chance,
 *
 * which keeps distances, and so what is linear in them, up to noise of order 1/√k (Achlioptas 2003,
 * doi:10.1016/S0022-0000(03)00025-4, after Johnson and Lindenstrauss 1984). The signs are a hash of i and j: nothing is
 * fitted, so nothing can leak from a held-out fold, and nothing has to be kept.
 */
export function embeddingOf(query: Float64Array | null, response: Float64Array): Embedding {
  const own = unit(response);
  const asked = query === null ? null : unit(query);
  return {
    cosine: asked === null ? null : dot(asked, own),
    response: projected(own, RESPONSE_COORDINATES),
    query: asked === null ? null : projected(asked, QUERY_COORDINATES),
  };
}

/** Longer texts are embedded by their beginning and end: embedders take some thousand tokens. */
const LONGEST_TEXT = 8_000;

/** A response's text as it is embedded. */
export function embeddedText(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  return `${text.slice(0, LONGEST_TEXT / 2)}\n${text.slice(-LONGEST_TEXT / 2)}`;
}

/** A query's messages as they are embedded; null where they hold no text, which no embedder takes. */
export function embeddedQuery(messages: readonly JsonObject[]): string | null {
  const text = embeddedText(messages.map(messageText).join('\n'));
  return text.trim() === '' ? null : text;
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  if (a.length !== b.length) throw new Error(`vectors of ${a.length} and ${b.length} numbers`);
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function projected(vector: Float64Array, coordinates: number): Float64Array {
  const signs = signsOf(vector.length);
  const result = new Float64Array(coordinates);
  for (let j = 0; j < coordinates; j++) {
    const from = j * vector.length;
    let sum = 0;
    for (let i = 0; i < vector.length; i++) sum += signs[from + i]! * vector[i]!;
    result[j] = sum / Math.sqrt(coordinates);
  }
  return result;
}

/** By the length of the vectors: few embedders are used in one process. */
const signs = new Map<number, Int8Array>();

function signsOf(length: number): Int8Array {
  const known = signs.get(length);
  if (known !== undefined) return known;
  const made = new Int8Array(RESPONSE_COORDINATES * length);
  for (let j = 0; j < RESPONSE_COORDINATES; j++) {
    for (let i = 0; i < length; i++) made[j * length + i] = mixed(i, j) & 1 ? 1 : -1;
  }
  signs.set(length, made);
  return made;
}

/** The finaliser of MurmurHash3 (Appleby, public domain), 32 bits. */
function mixed(i: number, j: number): number {
  let value = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(j + 1, 0x85ebca77);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
