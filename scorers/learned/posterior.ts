/**
 * From all responses so far to one probability for each candidate: that it is right.
 *
 * Where at most one of them is right, by a conditional logit (McFadden 1974) over the candidates and *none of these*,
 * P = softmax(u). Where several may be (open-ended answers, or one answer that is put in several ways), by a logistic regression,
 * P(candidate) = σ(u(candidate) − u(none)). The utilities are the same:
 *
 *   u(candidate) = Σ members (vote[m] + ownVote[responses] · s) + Σ pairs of members (agree + pair[m, m′]) + more[members]
 *                  + alone[m] where m is its one member and there are other responses
 *   u(none)      = none[responses, candidates] + Σ responses (doubt[m] − ownDoubt[responses] · s)
 *                  + silent · (responses without answer)
 *
 * `s` is a response's own score in log-odds. `pair` tells two models that think alike from two that do
 * not: the agreement of the first says little. `alone` tells a model that often knows better than the rest from one that is
 * mostly wrong when nobody agrees with it. The numbers of responses and of candidates are in it because the evidence
 * changes its meaning on the way up: a second response to a query that the first model had right is other evidence than a
 * fourth one to a query on which three have disagreed.
 */
export interface Posterior {
  readonly models: number;
  /** Whether at most one candidate of a query can be right. */
  readonly exclusive: boolean;
  /** Parameters in the order of {@link layoutOf}. */
  readonly parameters: Float64Array;
}

/** A response as the posterior sees it. */
export interface Vote {
  /** Number of its model. */
  readonly model: number;
  /** Number of its candidate; −1 without an answer. */
  readonly candidate: number;
  /** Own score in log-odds. */
  readonly own: number;
}

/** Longer chains are not learned; their fifth response counts as a fourth. */
export const MOST_RESPONSES = 4;

/** Where each kind of parameter lies. */
export interface Layout {
  readonly vote: number;
  readonly doubt: number;
  readonly alone: number;
  readonly pair: number;
  readonly ownVote: number;
  readonly ownDoubt: number;
  readonly agree: number;
  readonly more: number;
  readonly none: number;
  readonly silent: number;
  readonly size: number;
}

export function layoutOf(models: number): Layout {
  const pair = 3 * models;
  const ownVote = pair + (models * (models - 1)) / 2;
  const ownDoubt = ownVote + MOST_RESPONSES + 1;
  const agree = ownDoubt + MOST_RESPONSES + 1;
  const more = agree + 1;
  const none = more + MOST_RESPONSES + 1;
  const silent = none + (MOST_RESPONSES + 1) ** 2;
  return {
    vote: 0,
    doubt: models,
    alone: 2 * models,
    pair,
    ownVote,
    ownDoubt,
    agree,
    more,
    none,
    silent,
    size: silent + 1,
  };
}

/** Place of a pair of models, whichever comes first. */
export function pairAt(a: number, b: number): number {
  const [low, high] = a < b ? [a, b] : [b, a];
  return (high * (high - 1)) / 2 + low;
}

/** Writes into `use(place, amount, alternative)` how each parameter enters; alternative 0 is none, c + 1 candidate c. */
export function eachTerm(
  layout: Layout,
  votes: readonly Vote[],
  candidates: number,
  use: (place: number, amount: number, alternative: number) => void,
): void {
  const responses = Math.min(votes.length, MOST_RESPONSES);
  use(layout.none + responses * (MOST_RESPONSES + 1) + Math.min(candidates, MOST_RESPONSES), 1, 0);
  const members = new Int32Array(candidates);
  for (const { candidate } of votes) if (candidate >= 0) members[candidate]!++;
  for (let i = 0; i < votes.length; i++) {
    const { model, candidate, own } = votes[i]!;
    use(layout.doubt + model, 1, 0);
    use(layout.ownDoubt + responses, -own / votes.length, 0);
    if (candidate < 0) {
      use(layout.silent, 1, 0);
      continue;
    }
    use(layout.vote + model, 1, candidate + 1);
    if (members[candidate] === 1 && votes.length > 1) use(layout.alone + model, 1, candidate + 1);
    use(layout.ownVote + responses, own / members[candidate]!, candidate + 1);
    for (let j = 0; j < i; j++) {
      const other = votes[j]!;
      if (other.candidate !== candidate) continue;
      use(layout.agree, 1, candidate + 1);
      if (other.model !== model) use(layout.pair + pairAt(model, other.model), 1, candidate + 1);
    }
  }
  for (let c = 0; c < candidates; c++) {
    use(layout.more + Math.min(members[c]!, MOST_RESPONSES), 1, c + 1);
  }
}

/**
 * P(none is right), then P(candidate is right) of each candidate, in [0, 1]. Where answers are exclusive, they sum to 1.
 * @param votes in any order; their candidates are numbered from 0 without a gap.
 */
export function probabilities(
  { models, exclusive, parameters }: Posterior,
  votes: readonly Vote[],
  candidates: number,
): Float64Array {
  const utility = new Float64Array(candidates + 1);
  eachTerm(layoutOf(models), votes, candidates, (place, amount, alternative) => {
    utility[alternative]! += amount * parameters[place]!;
  });
  return exclusive ? softmax(utility) : eachAlone(utility);
}

/** P(none is right), then of each candidate that it is, whatever the others are; in place. */
export function eachAlone(utilities: Float64Array): Float64Array {
  const none = utilities[0]!;
  utilities[0] = 1;
  for (let c = 1; c < utilities.length; c++) {
    const p = 1 / (1 + Math.exp(none - utilities[c]!));
    utilities[c] = p;
    utilities[0] *= 1 - p;
  }
  return utilities;
}

/** In place; safe from overflow. */
export function softmax(values: Float64Array): Float64Array {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]!);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] = Math.exp(values[i]! - most);
  for (let i = 0; i < values.length; i++) values[i]! /= sum;
  return values;
}
