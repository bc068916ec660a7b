import { MOST_RESPONSES, probabilities, type Posterior } from '../scorers/learned/posterior.ts';
import type { Dataset } from './dataset.ts';
import { votesOf } from './fit-posterior.ts';

/** What serving the best candidate of a set of models' responses would have given, query by query. */
export interface SetTable {
  /** P(right) of the best candidate; 0 where no response holds an answer. */
  readonly confidence: Float64Array;
  /** The model whose text is served: the newest, as in the state machine, where no response holds an answer. */
  readonly served: Int16Array;
  /** The label of that text. */
  readonly right: Uint8Array;
  /**
   * The confidence, or {@link NO_EVIDENCE} where the newest response holds no answer: it brings no evidence, so it must not
   * accept what was rejected before.
   */
  readonly score: Float64Array;
  /** Positions of the queries by rising score. */
  readonly order: Int32Array;
}

/** Below every threshold. */
export const NO_EVIDENCE = -1;

/** A set of models by their numbers, ascending, as a key. */
export function setKey(models: readonly number[]): string {
  return models.join(' ');
}

/** Every set of one to four models of the pool, each ascending, shorter ones before those that begin with them. */
export function* setsOf(pool: readonly number[], longest = MOST_RESPONSES): Generator<number[]> {
  const stack: number[][] = [];
  for (let i = pool.length - 1; i >= 0; i--) stack.push([i]);
  for (let places = stack.pop(); places !== undefined; places = stack.pop()) {
    yield places.map((place) => pool[place]!);
    if (places.length === longest) continue;
    for (let next = pool.length - 1; next > places.at(-1)!; next--) stack.push([...places, next]);
  }
}

/** How a query is judged: the scorers that have not seen it, where it is one of the train queries. */
export interface Judge {
  readonly posterior: Posterior;
  /** By model, then by query. */
  readonly own: readonly Float64Array[];
  /** On the queries that the posterior was fitted on, by model. */
  readonly accuracy: readonly number[];
}

/**
 * The table of a set.
 * @param queries numbers of the dataset's queries; positions in the table are positions in this list.
 * @param judgeOf the judge of the query at a position.
 */
export function tableOf(
  data: Dataset,
  set: readonly number[],
  queries: readonly number[],
  judgeOf: (position: number) => Judge,
): SetTable {
  const confidence = new Float64Array(queries.length);
  const served = new Int16Array(queries.length);
  const right = new Uint8Array(queries.length);
  for (let at = 0; at < queries.length; at++) {
    const best = serve(data, set, queries[at]!, judgeOf(at));
    confidence[at] = best.confidence;
    served[at] = best.model;
    right[at] = data.responses[best.model]![queries[at]!]!.correct;
  }
  const newestModel = set.at(-1)!;
  const score = confidence.map((value, at) =>
    data.responses[newestModel]![queries[at]!]!.candidate < 0 ? NO_EVIDENCE : value,
  );
  const order = Int32Array.from(score, (_, at) => at).sort((a, b) => score[a]! - score[b]!);
  return { confidence, served, right, score, order };
}

/** The most probable candidate of a set, and whose text is served for it; the newest model's where there is no answer. */
function serve(
  data: Dataset,
  set: readonly number[],
  query: number,
  { posterior, own, accuracy }: Judge,
): { confidence: number; model: number } {
  const { votes, spokesmen } = votesOf(data, own, query, set, accuracy);
  if (spokesmen.length === 0) return { confidence: 0, model: set.at(-1)! };
  const p = probabilities(posterior, votes, spokesmen.length);
  let best = 0;
  for (let c = 1; c < spokesmen.length; c++) {
    // Of equally probable candidates the one with the newest response wins, as in the state machine.
    if (p[c + 1]! > p[best + 1]! || (p[c + 1]! === p[best + 1]! && newest(votes, c) > newest(votes, best)))
      best = c;
  }
  return { confidence: p[best + 1]!, model: spokesmen[best]! };
}

function newest(votes: readonly { readonly candidate: number }[], candidate: number): number {
  return votes.findLastIndex((vote) => vote.candidate === candidate);
}
