import type { Outcomes } from './outcomes.ts';

/**
 * The same chain, escalated by a coin: at each stage as many go on as did under the policy, but whichever. The newest answer
 * is served. What the scorer is worth is the difference to it. In closed form, so without chance: a query's cost is the sum
 * over stages of P(reached) times the stage's cost.
 * @param stages what each stage's call cost, and whether its response was right, on every query.
 * @param goesOn of each stage but the last: the share of the queries that reached it which went on, in [0, 1].
 */
export function randomEscalation(stages: readonly Outcomes[], goesOn: readonly number[]): Outcomes {
  const reached = [1];
  for (let stage = 1; stage < stages.length; stage++) {
    reached.push((reached[stage - 1] ?? 0) * (goesOn[stage - 1] ?? 0));
  }
  const queries = stages[0]?.cost.length ?? 0;
  const expected = (of: keyof Outcomes, weight: (stage: number) => number): number[] =>
    Array.from({ length: queries }, (_, at) =>
      stages.reduce((sum, stage, index) => sum + weight(index) * (stage[of][at] ?? 0), 0),
    );
  return {
    cost: expected('cost', (stage) => reached[stage] ?? 0),
    right: expected('right', (stage) => (reached[stage] ?? 0) - (reached[stage + 1] ?? 0)),
  };
}
