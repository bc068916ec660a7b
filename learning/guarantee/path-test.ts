import { binomialAtMost } from '../../core/binomial.ts';
import { bettingPValue, planBets, type Gains } from './betting-test.ts';
import { fixedSequence, type SequenceResult } from './fixed-sequence.ts';
import { isBaselineFree, type FrozenTest } from './frozen-test.ts';
import { tallyOf } from './outcomes.ts';

/** Tests the path on a sample. @param marksAt of a point: the marks of the sample, in an order that does not depend on them. */
export type PathTest = (marksAt: (point: number) => Int8Array) => SequenceResult;

/**
 * The test of a path at a level, the same for every sample. Which test it is goes by the loss alone: exact binomial for
 * `harm`, betting for the others.
 *
 * Where the loss of the first point is zero by construction, "it is above α" is false for certain, and its p-value 0. The
 * errors of a baseline whose answers are vouched for are tested like any other point's.
 */
export function pathTest(test: FrozenTest, level: number): PathTest {
  const points = test.pilot.map((_pilot, point) => singlePointTest(test, level, point));
  return (marksAt) => fixedSequence(points.length, level, (point) => points[point]?.(marksAt(point)) ?? 1);
}

/** The test of one point by itself: from the marks of a sample to its p-value. */
export function singlePointTest(
  test: FrozenTest,
  level: number,
  point: number,
): (marks: Int8Array) => number {
  const { loss, alpha, pilot } = test;
  if (point === 0 && isBaselineFree(test)) return () => 0;
  if (loss === 'harm') return (marks) => harmPValue(marks, alpha);
  const bets = planBets(gainsOf(loss, alpha), pilot[point] ?? { good: 0, neutral: 0, bad: 0 });
  return (marks) => bettingPValue(marks, bets, level);
}

/** α minus the loss, so that a mean gain above zero is a mean loss below α. */
function gainsOf(loss: 'regret' | 'selective', alpha: number): Gains {
  return loss === 'regret'
    ? { good: alpha + 1, neutral: alpha, bad: alpha - 1 }
    : { good: alpha, neutral: 0, bad: alpha - 1 };
}

/** The chance of so few harms, or fewer, if each query were harmed with probability α. */
function harmPValue(marks: Int8Array, alpha: number): number {
  return binomialAtMost(tallyOf(marks).bad, marks.length, alpha);
}

/**
 * The smallest sample that could certify anything: with no loss at all, its p-value is (1 − α)ⁿ. Of `selective` it counts
 * accepted answers; of `regret`, queries that only the policy has right can make it smaller.
 */
export function smallestSample(alpha: number, level: number): number {
  return Math.ceil(Math.log(level) / Math.log1p(-alpha));
}
