/**
 * P(X ≤ `successes`) for X ~ binomial(`trials`, `probability`), exactly: the sum of the terms.
 * @param probability in [0, 1].
 */
export function binomialAtMost(successes: number, trials: number, probability: number): number {
  if (successes < 0) return 0;
  if (successes >= trials || probability === 0) return 1;
  if (probability === 1) return 0;
  const odds = Math.log(probability) - Math.log1p(-probability);
  // As logarithms: with many trials the first terms are below what a double holds.
  let term = trials * Math.log1p(-probability);
  let sum = Math.exp(term);
  for (let k = 1; k <= successes; k++) {
    term += odds + Math.log((trials - k + 1) / k);
    sum += Math.exp(term);
  }
  return Math.min(1, sum);
}
