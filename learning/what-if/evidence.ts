import type { ResponseRef, ScoredAnswer } from '../../core/cascade.ts';
import type { PastAttempt, PastQuery } from '../../core/past-query.ts';

/** Why a query's decision cannot be taken again. */
export const UNKNOWN_REASONS = [
  /** A model is asked for that the query did not call at that place. */
  'another-chain',
  /** Scores are asked for that another scorer gave, and the texts to score again are not kept. */
  'another-scorer',
  /** The ledger keeps the confidence of each response's own candidate; here another candidate's would decide. */
  'other-candidates',
  /** Scoring again fails, or asks a model. */
  'cannot-score',
  /** The policy's own scorer, run again, does not say what it said. */
  'scorer-changed',
] as const;
export type UnknownReason = (typeof UNKNOWN_REASONS)[number];

/** What scoring a stage says. */
export type Scoring =
  | { readonly type: 'scored'; readonly scores: readonly ScoredAnswer[] }
  /** It failed, or is known not to have accepted: the cascade goes on. */
  | { readonly type: 'goes-on' }
  /** The query ended here for a reason that a threshold does not change: it ends so again. */
  | { readonly type: 'ends-as-it-did' }
  | { readonly type: 'unknown'; readonly reason: UnknownReason };

/** Where the answers and scores of a query come from: what the ledger recorded, or its texts. */
export interface Evidence {
  /** The candidate of a response; null where it holds no answer. */
  answerOf(attempt: PastAttempt): string | null;
  /** @param threshold that the best candidate is held to. @param last whether the stage is the chain's last. */
  scoringAt(
    stage: number,
    responses: readonly ResponseRef[],
    threshold: number,
    last: boolean,
  ): Promise<Scoring>;
}

/** The response that a stage gave to the cascade; of several the one that was judged. */
export function responseAt(query: PastQuery, stage: number): PastAttempt | null {
  const usable = query.attempts.filter(
    (attempt) => attempt.purpose === 'serve' && attempt.stage === stage && attempt.status === 'succeeded',
  );
  return (
    usable.find(({ attemptId }) => attemptId === query.servedAttemptId) ??
    usable.find(({ threshold }) => threshold !== null) ??
    usable.at(-1) ??
    null
  );
}

/**
 * What the ledger knows without any text. Of a response it keeps the confidence of its own candidate; of the last one the
 * best candidate's too, in the query. Verdicts say which responses gave the served answer.
 */
export function recordedEvidence(query: PastQuery): Evidence {
  const stages = [...new Set(query.attempts.map(({ stage }) => stage))].filter(
    (stage) => responseAt(query, stage) !== null,
  );
  const lastAnswered = Math.max(-1, ...stages);
  const wentBeyond = (stage: number): boolean =>
    query.attempts.some((attempt) => attempt.purpose === 'serve' && attempt.stage > stage);
  const answerOf = ({ verdict, confidence, attemptId }: PastAttempt): string | null =>
    confidence === 0 ? null : verdict === 'accepted' || verdict === 'corroborated' ? 'served' : attemptId;

  return {
    answerOf,
    scoringAt(stage, responses, threshold, last): Promise<Scoring> {
      const own = responseAt(query, stage);
      const say = (scoring: Scoring) => Promise.resolve(scoring);
      if (own === null || own.confidence === null) {
        if (wentBeyond(stage)) return say({ type: 'goes-on' });
        // The last stage of a chain whose scorer passes it over has no score to be held to another threshold.
        return say(last ? { type: 'ends-as-it-did' } : missingScore(query));
      }
      const served = query.attempts.find(({ attemptId }) => attemptId === query.servedAttemptId);
      if (stage === lastAnswered && served !== undefined && query.confidence !== null) {
        const answer = answerOf(served);
        return say({
          type: 'scored',
          scores: answer === null ? [] : [{ answer, confidence: query.confidence }],
        });
      }
      const answers = new Set(responses.flatMap(({ answer }) => answer ?? []));
      const [only] = answers;
      if (answers.size === 0) return say({ type: 'scored', scores: [] });
      if (answers.size === 1 && only !== undefined && own.confidence > 0)
        return say({ type: 'scored', scores: [{ answer: only, confidence: own.confidence }] });
      // No candidate had reached the threshold of then, so none reaches a higher one; which one is best is not known.
      const recordedThreshold = own.threshold ?? 0;
      if (!last && threshold >= recordedThreshold) {
        return say({ type: wentBeyond(stage) ? 'goes-on' : 'ends-as-it-did' });
      }
      if (!last && own.confidence === 0) return say({ type: 'goes-on' });
      return say({ type: 'unknown', reason: 'other-candidates' });
    },
  };
}

/** A query that ended by itself at an unscored stage did so as its last one. */
function missingScore({ outcome }: PastQuery): Scoring {
  return outcome === 'last-stage' || outcome === 'accepted'
    ? { type: 'unknown', reason: 'another-chain' }
    : { type: 'ends-as-it-did' };
}
