import type { Certificate } from '../../core/certificate.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 } from '../../core/request-hash.ts';
import { labelsNeeded } from './forecast.ts';
import { isBaselineFree, testSha256, type FrozenTest } from './frozen-test.ts';
import { marksOf, type PathOutcomes } from './outcomes.ts';
import { pathTest } from './path-test.ts';
import { plugInPoint } from './plug-in.ts';
import { pick } from './resample.ts';
import type { SplitUse } from './uses.ts';

export interface Certification {
  /** The point to serve: the last that was certified, else 0, the baseline. */
  readonly point: number;
  /** Null where no more was certified than what holds by construction: the baseline gives nothing away to itself. */
  readonly certificate: Certificate | null;
  /** Of the points that were visited, in the order of the path. */
  readonly pValues: readonly number[];
  /** Where no point but the baseline was certified: about how many labels the next test would take; null where none would, or one was. */
  readonly labelsNeeded: number | null;
  /** The cheapest point whose loss on the sample is at most α, which certifies nothing; null where there is none. */
  readonly plugIn: number | null;
}

/**
 * The one reading of the certify labels: nothing is fitted or chosen afterwards but the point on the path.
 * @param sample outcomes of the certify split at the points of `test`. Its order does not matter: queries are taken in the
 * order of a hash of their ids, since a file may be sorted by what a query is like.
 * @param use of the split, from `claimUse`.
 * @throws {RangeError} when the use is of another test, the sample's path another, its first point not the baseline, or it is
 * empty.
 */
export function certify(test: FrozenTest, sample: PathOutcomes, use: SplitUse, seed: number): Certification {
  if (sample.ids.length === 0) throw new RangeError('there are no certify labels');
  const order = hashOrder(sample.ids);
  const marks = marksOf(test.loss, sample).map((of) => pick(of, order));
  checkPath(test, sample, marks);
  if (use.testSha256 !== testSha256(test))
    throw new RangeError('the use of the labels was claimed for another test than this one');
  if (use.delta > test.delta) throw new RangeError('the use of the labels was claimed for another δ');
  const level = levelOf(use.delta, use.use);
  const { last, pValues } = pathTest(test, level)((point) => marks[point] ?? new Int8Array());
  const isVacuous = last === null || (last === 0 && isBaselineFree(test));
  return {
    point: last ?? 0,
    certificate: isVacuous ? null : certificateOf(test, sample, use, last, pValues[last] ?? 1),
    pValues,
    // For another test, which these labels' use has made dearer.
    labelsNeeded:
      last === null || last === 0 ? labelsNeeded(test, sample, levelOf(use.delta, use.use + 1), seed) : null,
    plugIn: plugInPoint(test, sample),
  };
}

/**
 * What the k-th test of a split is made at: δ/2 + δ/4 + δ/8 + … = δ, so all of them together are wrong at most so often.
 * @param delta that of the use: see `uses.ts`.
 */
export function levelOf(delta: number, use: number): number {
  return delta / 2 ** use;
}

/** SHA-256 of the ids and labels of a split, in whatever order they come. */
export function splitSha256(labels: ReadonlyMap<string, unknown>): string {
  return sha256(canonicalJson([...labels].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))));
}

function certificateOf(
  test: FrozenTest,
  { ids }: PathOutcomes,
  { use, delta, splitSha256, testSha256 }: SplitUse,
  pathIndex: number,
  pValue: number,
): Certificate {
  const { loss, alpha, baseline, scorerSha256, parameters } = test;
  return {
    ...{ loss, alpha, delta, baseline: loss === 'selective' ? null : baseline, n: ids.length, use },
    ...{ pathIndex, pathLength: parameters.length, pValue },
    ...{ splitSha256, scorerSha256, pathSha256: testSha256 },
  };
}

function checkPath(test: FrozenTest, sample: PathOutcomes, marks: readonly Int8Array[]): void {
  const { parameters } = test;
  const { points } = sample;
  if (points.length !== parameters.length || points.some(({ parameter }, at) => parameter !== parameters[at]))
    throw new RangeError('the outcomes are of another path than the one that was frozen');
  if (isBaselineFree(test) && marks[0]?.some((mark) => mark !== 0))
    throw new RangeError('the first point of the path is not the baseline alone: it has losses');
}

function hashOrder(ids: readonly string[]): number[] {
  const hashes = ids.map(sha256);
  return hashes
    .map((hash, query) => ({ hash, query }))
    .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
    .map(({ query }) => query);
}
