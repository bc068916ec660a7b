import type { Picodollars } from '../core/money.ts';
import { costOf, type Price } from '../core/price.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { recordedUsage } from '../recorded/usage.ts';

/** One model called for every query, and nothing else. */
export interface SingleModel {
  readonly model: string;
  readonly cost: Picodollars;
  /** Share of right answers, in [0, 1]. */
  readonly accuracy: number;
}

/** Models that answered every query, with a label each: another one's mean would be of other queries. In the given order. */
export function singleModels(
  models: readonly { readonly model: string; readonly price: Price }[],
  queries: readonly RecordedQuery[],
  response: (model: string, queryId: string) => RecordedResponse | undefined,
): SingleModel[] {
  return models.flatMap(({ model, price }) => {
    const own = queries.flatMap(({ id }) => response(model, id) ?? []);
    if (
      queries.length === 0 ||
      own.length < queries.length ||
      own.some(({ correct }) => correct === undefined)
    )
      return [];
    return [
      {
        model,
        cost: own.reduce((sum, recorded) => sum + costOf(recordedUsage(recorded), price.rates), 0n),
        accuracy: own.filter(({ correct }) => correct === 1).length / own.length,
      },
    ];
  });
}

/** The most accurate; of equals the cheapest. */
export function bestModel(models: readonly SingleModel[]): SingleModel | null {
  return first(models, (a, b) => b.accuracy - a.accuracy || compare(a.cost, b.cost));
}

/** The cheapest of those that are at least as accurate; null where none is. */
export function cheapestAsAccurate(models: readonly SingleModel[], accuracy: number): SingleModel | null {
  return first(
    models.filter((model) => model.accuracy >= accuracy),
    (a, b) => compare(a.cost, b.cost) || b.accuracy - a.accuracy,
  );
}

function first(
  models: readonly SingleModel[],
  order: (a: SingleModel, b: SingleModel) => number,
): SingleModel | null {
  return [...models].sort(order)[0] ?? null;
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
