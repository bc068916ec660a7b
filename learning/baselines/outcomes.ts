/** What a way of answering did with each query of a list, in its order. */
export interface Outcomes {
  /** What each query cost, in one unit of money throughout. */
  readonly cost: readonly number[];
  /** 1 for a right answer, 0 for a wrong one or none; in between the expectation, where chance decides. */
  readonly right: readonly number[];
}

/** The mean cost and accuracy; NaN without queries. */
export interface Point {
  readonly cost: number;
  readonly accuracy: number;
}

export function pointOf({ cost, right }: Outcomes): Point {
  return { cost: mean(cost), accuracy: mean(right) };
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

/**
 * What is expected when each query goes to one of several ways by chance.
 * @param parts with shares that sum to at most 1; the rest asks nobody, which costs nothing and is never right.
 */
export function blend(
  parts: readonly { readonly outcomes: Outcomes; readonly share: number }[],
  queries: number,
): Outcomes {
  const expected = (of: keyof Outcomes): number[] =>
    Array.from({ length: queries }, (_, at) =>
      parts.reduce((sum, { outcomes, share }) => sum + share * (outcomes[of][at] ?? 0), 0),
    );
  return { cost: expected('cost'), right: expected('right') };
}
