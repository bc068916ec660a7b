import { probabilities } from '../scorers/learned/posterior.ts';
import type { Dataset } from './dataset.ts';
import { votesOf } from './fit-posterior.ts';
import type { Judge } from './sets.ts';

/** P(right) of every response by its own score alone: by model, then by position. */
export function ownScoreConfidence(
  data: Dataset,
  queries: readonly number[],
  judgeOf: (position: number) => Judge,
): number[][] {
  return data.models.map((_, model) =>
    queries.map((query, at) => 1 / (1 + Math.exp(-judgeOf(at).own[model]![query]!))),
  );
}

/** Of every ordered pair of models: P(the first one's answer is right), given both responses; 0 without an answer. */
export function pairConfidences(
  data: Dataset,
  queries: readonly number[],
  judgeOf: (position: number) => Judge,
): { model: number; confidences: number[] }[] {
  const pairs: { model: number; confidences: number[] }[] = [];
  for (let first = 0; first < data.models.length; first++) {
    for (let second = first + 1; second < data.models.length; second++) {
      const ofFirst: number[] = [];
      const ofSecond: number[] = [];
      for (const [at, query] of queries.entries()) {
        const { posterior, own, accuracy } = judgeOf(at);
        const { votes, spokesmen } = votesOf(data, own, query, [first, second], accuracy);
        const p = probabilities(posterior, votes, spokesmen.length);
        ofFirst.push(votes[0]!.candidate < 0 ? 0 : p[votes[0]!.candidate + 1]!);
        ofSecond.push(votes[1]!.candidate < 0 ? 0 : p[votes[1]!.candidate + 1]!);
      }
      pairs.push({ model: first, confidences: ofFirst }, { model: second, confidences: ofSecond });
    }
  }
  return pairs;
}
