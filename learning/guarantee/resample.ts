import { uniformOf } from '../random.ts';
import type { SequenceResult } from './fixed-sequence.ts';
import type { PathTest } from './path-test.ts';

/**
 * Samples drawn with replacement from `population` queries, as their indices. The same seed gives the same samples.
 * @throws {RangeError} when there is nothing to draw from.
 */
export function* samplesOf(
  population: number,
  size: number,
  samples: number,
  seed: number,
): Generator<Int32Array> {
  if (population === 0) throw new RangeError('there are no queries to draw samples from');
  const uniform = uniformOf(seed);
  for (let sample = 0; sample < samples; sample++) {
    const drawn = new Int32Array(size);
    for (let at = 0; at < size; at++) drawn[at] = Math.floor(uniform() * population);
    yield drawn;
  }
}

/** The test of a path on such samples. @param marks of each point and query: see `marksOf`. */
export function* testSamples(
  test: PathTest,
  marks: readonly Int8Array[],
  size: number,
  samples: number,
  seed: number,
): Generator<{ readonly result: SequenceResult; readonly marksAt: (point: number) => Int8Array }> {
  for (const drawn of samplesOf(marks[0]?.length ?? 0, size, samples, seed)) {
    const marksAt = (point: number): Int8Array => pick(marks[point] ?? new Int8Array(), drawn);
    yield { result: test(marksAt), marksAt };
  }
}

/** The marks of these queries, in this order. */
export function pick(marks: Int8Array, queries: ArrayLike<number>): Int8Array {
  const picked = new Int8Array(queries.length);
  for (let at = 0; at < queries.length; at++) picked[at] = marks[queries[at] ?? 0] ?? 0;
  return picked;
}
