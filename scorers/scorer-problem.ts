/** A scorer that cannot be had, until a person mends something: the message says what. */
export class ScorerProblem extends Error {
  override readonly name = 'ScorerProblem';
}
