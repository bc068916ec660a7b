import type { Outcomes } from './outcomes.ts';

/**
 * What nobody can build: each query goes to the cheapest model that is right, known beforehand; to the cheapest of all
 * where none is. It bounds what any router over these models can do; a cascade that buys several responses costs more.
 * @param models one or more, on the same queries.
 */
export function oracle(models: readonly Outcomes[]): Outcomes {
  const queries = models[0]?.cost.length ?? 0;
  const chosen = Array.from({ length: queries }, (_, at) => {
    const calls = models.map(({ cost, right }) => ({ cost: cost[at] ?? 0, right: right[at] ?? 0 }));
    return calls.reduce((best, call) =>
      call.right > best.right || (call.right === best.right && call.cost < best.cost) ? call : best,
    );
  });
  return { cost: chosen.map(({ cost }) => cost), right: chosen.map(({ right }) => right) };
}
