import type { Score, ScoredQuery, ScoredResponse, ScoringContext } from './scorer.ts';

/** P(this response is right) from the query and the response alone, in [0, 1]. */
export type ScoreOne = (
  query: ScoredQuery,
  response: ScoredResponse,
  context: ScoringContext,
) => number | Promise<number>;

/**
 * Lifts a scorer of a single response to the interface: only the newest response is scored, and only its candidate has a
 * confidence, so the cascade is exactly that of FrugalGPT (Chen, Zaharia, Zou 2023): g(query, newest response) against the
 * stage's threshold, and what was rejected stays rejected. A response without an answer is not scored at all: it is told
 * with an empty list, and the cascade goes on to the next stage.
 */
export function liftSingle(scoreOne: ScoreOne): Score {
  return (query, responses, context) => {
    const newest = responses.at(-1);
    if (newest === undefined || newest.answer === null) return [];
    const { answer } = newest;
    const confidence = scoreOne(query, newest, context);
    return typeof confidence === 'number'
      ? [{ answer, confidence }]
      : confidence.then((value) => [{ answer, confidence: value }]);
  };
}
