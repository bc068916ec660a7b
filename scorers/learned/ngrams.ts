import { wordsOf } from './features/dissect.ts';

/**
 * Hashed n-grams of a response (the hashing trick; Weinberger, Dasgupta, Langford, Smola, Attenberg 2009, arXiv:0902.2206):
 * each word, pair of words and run of four characters is a place in a vector of fixed length. Nothing has to be kept but the
 * weights, and a word that was never seen says nothing. The prompt's n-grams are left out: with hundreds of queries they are
 * learned by heart, and held-out AUROC falls (on gsm8k and crux by .002).
 */
export const NGRAM_BITS = 14;
const RESPONSE_WORDS = 0x1;
const RESPONSE_CHARACTERS = 0x2;
const CHARACTERS = 4;
/** A text's n-grams of one kind; more would make scoring slow and say little. */
const MOST = 1500;
/** Characters that they are looked for in: more than so many n-grams take up, fewer than a runaway response has. */
const LOOKED_AT = 20_000;

/** Places that are set, ascending, and the one value that they all have: the vector's length is 1. */
export interface SparseVector {
  readonly indices: Uint32Array;
  readonly value: number;
}

/** Of a response's text. */
export function responseNgrams(response: string): SparseVector {
  const text = response.slice(0, LOOKED_AT);
  const places = new Set<number>();
  addWords(places, wordsOf(text), RESPONSE_WORDS);
  const characters = text.toLowerCase().replace(/\s+/g, ' ');
  for (let at = 0; at + CHARACTERS <= characters.length && at < MOST; at++) {
    places.add(hash(characters, at, at + CHARACTERS, RESPONSE_CHARACTERS));
  }
  return vector(places);
}

function addWords(places: Set<number>, words: readonly string[], space: number): void {
  let before = '';
  for (const word of words.slice(0, MOST)) {
    places.add(hash(word, 0, word.length, space));
    if (before !== '') {
      const pair = `${before} ${word}`;
      places.add(hash(pair, 0, pair.length, space));
    }
    before = word;
  }
}

function vector(places: ReadonlySet<number>): SparseVector {
  const indices = Uint32Array.from(places).sort();
  return { indices, value: indices.length === 0 ? 0 : 1 / Math.sqrt(indices.length) };
}

/** FNV-1a, 32 bits (Fowler, Noll, Vo), folded to the vector's length. Each kind of n-gram has a space of its own. */
function hash(text: string, from: number, to: number, space: number): number {
  // Multiplied in before the first character, which could otherwise undo it: "abcd" of one kind would be "bbcd" of another.
  let value = Math.imul(0x811c9dc5 ^ space, 0x01000193);
  for (let at = from; at < to; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value ^= value >>> 15;
  return (value >>> 0) & ((1 << NGRAM_BITS) - 1);
}
