import type { Dataset } from './dataset.ts';
import { pairedDifference } from './paired.ts';

/** A single model on some queries. */
export interface ModelFigures {
  /** Its number. */
  readonly model: number;
  readonly accuracy: number;
  /** Mean cost of a call, in USD. */
  readonly costUsd: number;
}

/** Every model on some queries, cheapest first. */
export function modelsOn(data: Dataset, queries: readonly number[]): ModelFigures[] {
  return data.models.map((_, model) => {
    const responses = queries.map((query) => data.responses[model]![query]!);
    const mean = (of: (response: (typeof responses)[number]) => number): number =>
      responses.reduce((sum, response) => sum + of(response), 0) / Math.max(1, responses.length);
    return { model, accuracy: mean(({ correct }) => correct), costUsd: mean(({ costUsd }) => costUsd) };
  });
}

/**
 * The reference: the most accurate of the models, ties to the cheaper. Models with hidden reasoning tokens look cheaper than
 * they are: they are neither reference nor in a chain, unless `include` names them.
 */
export function referenceOf(figures: readonly ModelFigures[]): ModelFigures {
  return figures.reduce((best, one) => {
    const better =
      one.accuracy > best.accuracy || (one.accuracy === best.accuracy && one.costUsd < best.costUsd);
    return better ? one : best;
  });
}

/** A model that so many others stand before adds nothing that they do not, even if each is better by less than a sample can tell. */
const DOMINATED_BY = 3;

/**
 * Models that a chain may be made of: all but those *dominated*. Another model, which costs no more, is more accurate by more
 * than one paired standard error; or {@link DOMINATED_BY} such models are, by any amount. A dominated model's agreement may
 * still tell something, but each model more doubles the chains that the luckiest is chosen from.
 * @param always a model that stays however it does: the one that a policy is to be held against. Null for none.
 */
export function poolOf(
  data: Dataset,
  queries: readonly number[],
  figures: readonly ModelFigures[],
  always: number | null = null,
): number[] {
  const isPruned = (one: ModelFigures): boolean => {
    const better = figures.filter((other) => other.costUsd <= one.costUsd && other.accuracy > one.accuracy);
    if (better.length >= DOMINATED_BY) return true;
    return better.some((other) => {
      const [ofOne, ofOther] = [data.responses[one.model]!, data.responses[other.model]!];
      const { mean, standardError } = pairedDifference(
        queries.map((query) => ofOther[query]!.correct - ofOne[query]!.correct),
      );
      return mean > standardError;
    });
  };
  return figures.filter((one) => one.model === always || !isPruned(one)).map(({ model }) => model);
}

/**
 * Models that may be used: all but those that are marked and not included.
 * @throws {Error} when there are none, and when `include` names a model that there is not.
 */
export function usableOf(
  data: Dataset,
  figures: readonly ModelFigures[],
  include: readonly string[],
): ModelFigures[] {
  const unknown = include.find((model) => !data.models.includes(model));
  if (unknown !== undefined)
    throw new Error(`--include: there is no model "${unknown}"; there are ${data.models.join(', ')}`);
  const usable = figures.filter(({ model }) => !data.hidden[model] || include.includes(data.models[model]!));
  if (usable.length === 0) {
    throw new Error(
      'every model is marked hidden_reasoning_tokens, so that its cost is not known: name with --include which to use all the same',
    );
  }
  return usable;
}
