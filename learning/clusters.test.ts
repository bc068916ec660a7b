import { describe, expect, test } from 'vitest';
import { vocabularyOf } from './baselines/prompt-terms.ts';
import { clustersOf, nearest } from './clusters.ts';

const KINDS = {
  invoice: [
    'the invoice shows a wrong amount',
    'an invoice was charged twice',
    'refund of the invoice please',
  ],
  password: ['reset my password today', 'the password link has expired', 'new password never arrives'],
  shipping: ['parcel still not shipped', 'tracking says the parcel is lost', 'parcel arrived at a neighbour'],
};
const texts = Object.values(KINDS).flatMap((own) => Array.from({ length: 10 }, (_, at) => own[at % 3]!));
const { size, terms, termsOf } = vocabularyOf(texts);
const vectors = texts.map(termsOf);

describe('texts of three kinds', () => {
  const { centroids, placeOf } = clustersOf(vectors, size, 3, 1);

  test('come apart by kind', () => {
    const kinds = [placeOf.slice(0, 10), placeOf.slice(10, 20), placeOf.slice(20)];
    for (const kind of kinds) expect(new Set(kind).size).toBe(1);
    expect(new Set(placeOf)).toEqual(new Set([0, 1, 2]));
  });

  test('have centroids that name them, and that a new text finds', () => {
    const place = nearest(centroids, termsOf('where is my parcel?'));
    expect(place).toBe(placeOf[25]);
    expect(centroids[place]![terms.indexOf('parcel')]).toBeGreaterThan(0.1);
    expect(centroids[place]![terms.indexOf('invoice')]).toBe(0);
  });

  test('are clustered alike by the same seed', () => {
    expect(clustersOf(vectors, size, 3, 1)).toEqual({ centroids, placeOf });
  });
});

test('no more clusters than there are different texts, none without texts', () => {
  expect(clustersOf([], size, 3, 1)).toEqual({ centroids: [], placeOf: [] });
  const same = [termsOf('reset my password'), termsOf('reset my password')];
  expect(clustersOf(same, size, 3, 1)).toMatchObject({ placeOf: [0, 0] });
  expect(clustersOf(vectors, size, 100, 1).centroids.length).toBeLessThanOrEqual(9);
});
