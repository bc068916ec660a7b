import {
  eachTerm,
  layoutOf,
  MOST_RESPONSES,
  softmax,
  type Posterior,
  type Vote,
} from '../scorers/learned/posterior.ts';
import type { Dataset } from './dataset.ts';
import { minimise } from './lbfgs.ts';
import type { Uniform } from './random.ts';

/** How much each kind of parameter is held back (ridge), in units of one query. */
const POSTERIOR_PENALTIES = { models: 0.5, pairs: 2, shared: 0.1 };
/** Sets of responses that are drawn of each query, of one to four models. */
const SETS_PER_QUERY = 24;
/** Each so many-th set is drawn from all models, so that those outside of the pool can be judged too. */
const ANY_MODEL = 5;
/** What the sets of a query count together: they share its responses, so they are worth less than so many queries. */
const WEIGHT_PER_QUERY = 4;
const ITERATIONS = 50;
const TOLERANCE = 1e-6;

/** What has been paid for at some stage, and what comes of serving each candidate. */
interface Example {
  readonly candidates: number;
  /** 0: none is right; c + 1: candidate c is. */
  readonly right: number;
  readonly terms: {
    readonly places: Int32Array;
    readonly amounts: Float64Array;
    readonly alternatives: Int32Array;
  };
}

/**
 * Fits the posterior by regularised maximum likelihood on drawn sets of responses.
 * @param own out-of-fold own scores, by model, then by query: scores of the fit's own queries would be too sure.
 * @param pool numbers of the models that may be in a chain.
 */
export function fitPosterior(
  data: Dataset,
  own: readonly Float64Array[],
  queries: readonly number[],
  pool: readonly number[],
  accuracy: readonly number[],
  uniform: Uniform,
  penalties = POSTERIOR_PENALTIES,
): Posterior {
  const models = data.models.length;
  const layout = layoutOf(models);
  const examples: Example[] = [];
  const everyone = data.models.map((_, model) => model);
  for (const query of queries) {
    for (let draw = 0; draw < SETS_PER_QUERY; draw++) {
      const from = draw % ANY_MODEL === 0 ? everyone : pool;
      const size = Math.min(from.length, 1 + (draw % MOST_RESPONSES));
      examples.push(exampleOf(data, own, query, drawSet(from, size, uniform), accuracy));
    }
  }
  const weight = WEIGHT_PER_QUERY / SETS_PER_QUERY;
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = 0;
    for (const { candidates, right, terms } of examples) {
      const utility = new Float64Array(candidates + 1);
      const { places, amounts, alternatives } = terms;
      for (let t = 0; t < places.length; t++) utility[alternatives[t]!]! += amounts[t]! * x[places[t]!]!;
      const p = softmax(utility);
      loss -= weight * Math.log(Math.max(p[right]!, 1e-300));
      p[right]! -= 1;
      for (let t = 0; t < places.length; t++)
        gradient[places[t]!]! += weight * amounts[t]! * p[alternatives[t]!]!;
    }
    for (let i = 0; i < layout.size; i++) {
      const penalty =
        i < layout.pair ? penalties.models : i < layout.ownVote ? penalties.pairs : penalties.shared;
      loss += (penalty / 2) * x[i]! * x[i]!;
      gradient[i]! += penalty * x[i]!;
    }
    return loss;
  };
  const start = new Float64Array(layout.size);
  start.fill(0.5, layout.ownVote, layout.agree);
  return { models, parameters: minimise(objective, start, { iterations: ITERATIONS, tolerance: TOLERANCE }) };
}

function exampleOf(
  data: Dataset,
  own: readonly Float64Array[],
  query: number,
  set: readonly number[],
  accuracy: readonly number[],
): Example {
  const { votes, spokesmen } = votesOf(data, own, query, set, accuracy);
  const places: number[] = [];
  const amounts: number[] = [];
  const alternatives: number[] = [];
  eachTerm(layoutOf(data.models.length), votes, spokesmen.length, (place, amount, alternative) => {
    places.push(place);
    amounts.push(amount);
    alternatives.push(alternative);
  });
  const right = spokesmen.findIndex((model) => data.responses[model]![query]!.correct === 1);
  return {
    candidates: spokesmen.length,
    right: right + 1,
    terms: {
      places: Int32Array.from(places),
      amounts: Float64Array.from(amounts),
      alternatives: Int32Array.from(alternatives),
    },
  };
}

/**
 * A set of models' responses to a query as votes, candidates numbered from 0, and each candidate's spokesman: the model
 * whose text is served for it (see `spokesman` in `core/cascade.ts`).
 */
export function votesOf(
  data: Dataset,
  own: readonly Float64Array[],
  query: number,
  set: readonly number[],
  accuracy: readonly number[],
): { votes: Vote[]; spokesmen: number[] } {
  const numbers = new Map<number, number>();
  const spokesmen: number[] = [];
  const votes = set.map((model): Vote => {
    const { candidate: global } = data.responses[model]![query]!;
    if (global < 0) return { model, candidate: -1, own: own[model]![query]! };
    const candidate = numbers.get(global) ?? spokesmen.length;
    numbers.set(global, candidate);
    const speaks = spokesmen[candidate];
    if (speaks === undefined || accuracy[model]! > accuracy[speaks]!) spokesmen[candidate] = model;
    return { model, candidate, own: own[model]![query]! };
  });
  return { votes, spokesmen };
}

function drawSet(pool: readonly number[], size: number, uniform: Uniform): number[] {
  const left = [...pool];
  const set = Array.from({ length: size }, () => left.splice(Math.floor(uniform() * left.length), 1)[0]!);
  return set.sort((a, b) => a - b);
}
