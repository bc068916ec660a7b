import type { ScoredAnswer } from '../core/cascade.ts';
import type { Score, ScoredResponse } from './scorer.ts';

/**
 * A scorer whose scores can be trusted: every confidence in [0, 1], every answer one that a response gave, none twice. The
 * state machine would refuse anything else as a defect of its interpreter, which would stop the query; here it is named
 * as what it is, a failed scoring.
 */
export function checked(name: string, score: Score): Score {
  return (query, responses, context) => {
    const scores = score(query, responses, context);
    return 'then' in scores
      ? scores.then((value) => check(name, value, responses))
      : check(name, scores, responses);
  };
}

function check(
  name: string,
  scores: readonly ScoredAnswer[],
  responses: readonly ScoredResponse[],
): readonly ScoredAnswer[] {
  const given = new Set(responses.map(({ answer }) => answer));
  const seen = new Set<string>();
  for (const { answer, confidence } of scores) {
    const shown = JSON.stringify(answer);
    if (!(confidence >= 0 && confidence <= 1)) {
      throw new Error(
        `the scorer "${name}" gave ${shown} the confidence ${confidence}, which is not in [0, 1]`,
      );
    }
    if (!given.has(answer)) throw new Error(`the scorer "${name}" scored ${shown}, which no response gave`);
    if (seen.has(answer)) throw new Error(`the scorer "${name}" scored ${shown} twice`);
    seen.add(answer);
  }
  return scores;
}
