import { describe, expect, test } from 'vitest';
import { NGRAM_BITS, responseNgrams } from './ngrams.ts';

const placesOf = (text: string): number[] => [...responseNgrams(text).indices];

describe('hashed n-grams', () => {
  test('have a length of 1, and places that ascend within the vector', () => {
    for (const text of ['a', 'The cat sat on the mat, twice.', 'über 3,5 × ½', '12 '.repeat(4000)]) {
      const { indices, value } = responseNgrams(text);
      expect(indices.length).toBeGreaterThan(0);
      expect(indices.length * value ** 2).toBeCloseTo(1, 12);
      expect([...indices]).toEqual([...new Set(indices)].sort((a, b) => a - b));
      expect(indices.at(-1)).toBeLessThan(2 ** NGRAM_BITS);
    }
  });

  test('of nothing are none', () => {
    for (const text of ['', ' ', '?!']) expect(responseNgrams(text)).toMatchObject({ indices: {}, value: 0 });
  });

  test('are words, pairs of words and runs of four characters, whatever their case', () => {
    expect(placesOf('one')).toHaveLength(1);
    // Two words, a pair, and "a b" is too short for a run.
    expect(placesOf('a b')).toHaveLength(3);
    // A word, and itself as a run.
    expect(placesOf('wait')).toHaveLength(2);
    expect(placesOf('WAIT  now')).toEqual(placesOf('wait now'));
    expect(placesOf('b a')).not.toEqual(placesOf('a b'));
  });

  test('of two kinds have spaces of their own: no word is the run of four characters that differs in its first', () => {
    // "wait" as a word and as a run, against "tait" likewise: t is w with the bits flipped that tell the kinds apart.
    const shared = placesOf('wait').filter((place) => placesOf('tait').includes(place));
    expect('w'.charCodeAt(0) ^ 't'.charCodeAt(0)).toBe(0x1 ^ 0x2);
    expect(shared).toEqual([]);
  });

  test('of a long text are those of its beginning', () => {
    const long = Array.from({ length: 200_000 }, (_, at) => `w${at}`).join(' ');
    expect(placesOf(long)).toEqual(placesOf(long.slice(0, 20_000)));
    expect(placesOf(long).length).toBeLessThanOrEqual(3 * 1500);
  });
});
