import {
  eachAlone,
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
import { areExclusive, rightAnswers } from './right-answers.ts';

/** How much each kind of parameter is held back (ridge), in units of one query. */
const PENALTIES = { models: 0.5, pairs: 2, shared: 0.1 };
/** Sets of responses that are drawn of each query, of one to four models. */
const SETS_PER_QUERY = 72;
/** Each so many-th set is drawn from all models, so that those outside of the pool can be judged too. */
const ANY_MODEL = 5;
/** What the sets of a query count together: they share its responses, so they are worth less than so many queries. */
const WEIGHT_PER_QUERY = 4;
const ITERATIONS = 50;
const TOLERANCE = 1e-6;
/** A probability that rounds to nothing has a loss all the same. */
const LEAST = 1e-300;

/**
 * Examples in flat arrays, since the fit passes over them hundreds of times: what has been paid for at some stage, and what
 * comes of serving each candidate.
 */
interface Examples {
  /** By example: how many alternatives there are (none, and the candidates), and the alternatives that are right. */
  readonly alternatives: readonly number[];
  readonly right: readonly (readonly number[])[];
  /** By example the place after its last term. */
  readonly ends: readonly number[];
  /** By term: the parameter's place, how much of it, and the alternative that it is for. */
  readonly places: Int32Array;
  readonly amounts: Float64Array;
  readonly of: Uint8Array;
}

/**
 * Fits the posterior by regularised maximum likelihood on drawn sets of responses. Whether candidates exclude each other is seen from
 * the labels of these queries.
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
): Posterior {
  const models = data.models.length;
  const layout = layoutOf(models);
  const examples = drawExamples(data, own, queries, pool, accuracy, uniform);
  const exclusive = areExclusive(rightAnswers(data, queries));
  const weight = WEIGHT_PER_QUERY / SETS_PER_QUERY;
  const objective = (x: Float64Array, gradient: Float64Array): number => {
    gradient.fill(0);
    let loss = weight * addLoss(examples, exclusive, x, gradient);
    for (let i = 0; i < layout.size; i++) gradient[i]! *= weight;
    for (let i = 0; i < layout.size; i++) {
      const penalty =
        i < layout.pair ? PENALTIES.models : i < layout.ownVote ? PENALTIES.pairs : PENALTIES.shared;
      loss += (penalty / 2) * x[i]! * x[i]!;
      gradient[i]! += penalty * x[i]!;
    }
    return loss;
  };
  const start = new Float64Array(layout.size);
  start.fill(0.5, layout.ownVote, layout.agree);
  const parameters = minimise(objective, start, { iterations: ITERATIONS, tolerance: TOLERANCE });
  return { models, exclusive, parameters };
}

/**
 * The negative log-likelihood of the examples at parameters `x`; adds its gradient to `gradient`. Where answers are not exclusive, an
 * example's is the mean of its candidates'.
 */
function addLoss(examples: Examples, exclusive: boolean, x: Float64Array, gradient: Float64Array): number {
  const { alternatives, right, ends, places, amounts, of } = examples;
  const most = new Float64Array(MOST_RESPONSES + 1);
  let loss = 0;
  let from = 0;
  for (let example = 0; example < ends.length; example++) {
    const to = ends[example]!;
    const p = most.subarray(0, alternatives[example]).fill(0);
    for (let t = from; t < to; t++) p[of[t]!]! += amounts[t]! * x[places[t]!]!;
    loss += exclusive ? toSlope(p, right[example]![0] ?? 0) : toSlopes(p, right[example]!);
    for (let t = from; t < to; t++) gradient[places[t]!]! += amounts[t]! * p[of[t]!]!;
    from = to;
  }
  return loss;
}

/** An example's loss where one alternative is right; in place, from utilities to the loss's slope in each. */
function toSlope(utilities: Float64Array, right: number): number {
  const p = softmax(utilities);
  const loss = -Math.log(Math.max(p[right]!, LEAST));
  p[right]! -= 1;
  return loss;
}

/** The same where each candidate is right or wrong by itself. */
function toSlopes(utilities: Float64Array, right: readonly number[]): number {
  const p = eachAlone(utilities);
  const share = 1 / Math.max(1, p.length - 1);
  let loss = 0;
  p[0] = 0;
  for (let c = 1; c < p.length; c++) {
    const isRight = right.includes(c);
    loss -= share * Math.log(Math.max(isRight ? p[c]! : 1 - p[c]!, LEAST));
    p[c] = share * (p[c]! - (isRight ? 1 : 0));
    p[0] -= p[c]!;
  }
  return loss;
}

function drawExamples(
  data: Dataset,
  own: readonly Float64Array[],
  queries: readonly number[],
  pool: readonly number[],
  accuracy: readonly number[],
  uniform: Uniform,
): Examples {
  const layout = layoutOf(data.models.length);
  const everyone = data.models.map((_, model) => model);
  const alternatives: number[] = [];
  const right: number[][] = [];
  const ends: number[] = [];
  const places: number[] = [];
  const amounts: number[] = [];
  const of: number[] = [];
  for (const query of queries) {
    for (let draw = 0; draw < SETS_PER_QUERY; draw++) {
      const from = draw % ANY_MODEL === 0 ? everyone : pool;
      const size = Math.min(from.length, 1 + (draw % MOST_RESPONSES));
      const { votes, spokesmen } = votesOf(data, own, query, drawSet(from, size, uniform), accuracy);
      eachTerm(layout, votes, spokesmen.length, (place, amount, alternative) => {
        places.push(place);
        amounts.push(amount);
        of.push(alternative);
      });
      alternatives.push(spokesmen.length + 1);
      right.push(
        spokesmen.flatMap((model, candidate) =>
          data.responses[model]![query]!.correct === 1 ? [candidate + 1] : [],
        ),
      );
      ends.push(places.length);
    }
  }
  return {
    ...{ alternatives, right, ends },
    places: Int32Array.from(places),
    amounts: Float64Array.from(amounts),
    of: Uint8Array.from(of),
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
