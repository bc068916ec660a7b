import type { Score } from '../scorer.ts';
import { fromArtifact } from './artifact.ts';
import { dissectResponse, promptOf } from './features/dissect.ts';
import { responseNgrams } from './ngrams.ts';
import { ownScore } from './own-score.ts';
import { probabilities, type Vote } from './posterior.ts';

/**
 * The scorer that an artifact describes: for each candidate the probability that it is right, given every response so far.
 * Together with the probability that none is, they sum to 1. Pure; under a millisecond for a response of usual length.
 * @throws {Error} when the artifact cannot be read; and when it scores a model that it was not learned for.
 */
export function learnedScore(artifact: unknown): Score {
  const { models, features, own, posterior } = fromArtifact(artifact);
  return (query, responses) => {
    const prompt = promptOf(query);
    const answers: string[] = [];
    const votes = responses.map((response): Vote => {
      const model = models.indexOf(response.model);
      if (model === -1) {
        throw new Error(
          `it was not learned for the model "${response.model}": it knows ${models.join(', ')}`,
        );
      }
      const parts = dissectResponse(prompt, response);
      const values = Float64Array.from(features, (feature) => feature.of(parts) ?? Number.NaN);
      let candidate = response.answer === null ? -1 : answers.indexOf(response.answer);
      if (response.answer !== null && candidate === -1) candidate = answers.push(response.answer) - 1;
      return { model, candidate, own: ownScore(own, model, values, responseNgrams(response.text)) };
    });
    const p = probabilities(posterior, votes, answers.length);
    // Rounding may carry a sum of exponentials past 1 by a last digit.
    return answers.map((answer, at) => ({ answer, confidence: Math.min(1, p[at + 1] ?? 0) }));
  };
}
