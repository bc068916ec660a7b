import { canonicalJson } from '../../core/canonical-json.ts';
import type { CertifiedLoss } from '../../core/certificate.ts';
import { sha256 } from '../../core/request-hash.ts';
import { LONGEST_PATH } from './fixed-sequence.ts';
import { marksOf, tallyOf, type PathOutcomes, type Tally } from './outcomes.ts';

/** What is to be certified: that the mean `loss` is at most `alpha`, with probability of at least 1 − `delta`. */
export interface Claim {
  readonly loss: CertifiedLoss;
  /** In (0, 1). */
  readonly alpha: number;
  /** In (0, 1); shared by all tests of one split: see `uses.ts`. */
  readonly delta: number;
  /** The model of the path's first point. */
  readonly baseline: string;
}

/** Everything that a test depends on but the certify sample: fixed, and hashed, before a certify label is read. */
export interface FrozenTest extends Claim {
  /** SHA-256 of what decides beside scorer and parameter: chain, rule, extractor. */
  readonly policySha256: string;
  /** SHA-256 of scorer and calibrator. */
  readonly scorerSha256: string;
  /** The rule's parameter at each point of the path; null at the first, which is the baseline alone. */
  readonly parameters: readonly (number | null)[];
  /** Of each point, how common the marks were on the selection data: what a betting test plans its stakes with. */
  readonly pilot: readonly Tally[];
}

/**
 * @param selection outcomes on the data that the path was chosen with, cross-fitted where it was fitted on too.
 * @throws {RangeError} when the claim or the path is none: see the message.
 */
export function freezeTest(
  claim: Claim,
  policy: { readonly policySha256: string; readonly scorerSha256: string },
  selection: PathOutcomes,
): FrozenTest {
  for (const name of ['alpha', 'delta'] as const) {
    if (!(claim[name] > 0 && claim[name] < 1))
      throw new RangeError(`${name} is ${claim[name]}: it must be between 0 and 1`);
  }
  const parameters = selection.points.map(({ parameter }) => parameter);
  if (parameters.length < 1 || parameters.length > LONGEST_PATH)
    throw new RangeError(`the path has ${parameters.length} points: it must have 1 to ${LONGEST_PATH}`);
  if (parameters.findLastIndex((parameter) => parameter === null) !== 0)
    throw new RangeError(
      'the first point of a path, and no other, is the baseline alone: its parameter is null',
    );
  const { loss, alpha, delta, baseline } = claim;
  const { policySha256, scorerSha256 } = policy;
  const pilot = marksOf(loss, selection).map(tallyOf);
  return { loss, alpha, delta, baseline, policySha256, scorerSha256, parameters, pilot };
}

/**
 * Whether the loss of the path's first point is zero by construction: the policy is the baseline there, so neither regret nor
 * harm can be; and where nothing it serves is vouched for (no answer of the last stage is), nothing vouched for is wrong.
 */
export function isBaselineFree({ loss, pilot: [first] }: FrozenTest): boolean {
  return loss !== 'selective' || (first !== undefined && first.good + first.bad === 0);
}

/** Two tests with one hash are the same test. */
export function testSha256(test: FrozenTest): string {
  return sha256(canonicalJson(test));
}
