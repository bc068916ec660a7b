import type { CascadeState, Finish, Progress, ResponseRef } from './cascade.ts';
import type { Limits, Plan, PlannedModel } from './policy.ts';

/** The finish reason of a person's attempt that judges the proposed answer and has no text of its own. */
export const JUDGED = 'judged';

/** A person as a last stage. */
export interface ReviewPolicy {
  /** Milliseconds that a person is waited for. */
  readonly timeoutMs: number;
}

/**
 * Milliseconds that a person is to be waited for; null where nobody is asked. A person is the last resort: for a query whose
 * chain was climbed to its end, or failed there, with no candidate that cleared its threshold. The query's deadline holds.
 */
export function reviewWait(
  { review, limits }: { readonly review?: ReviewPolicy; readonly limits: Limits },
  { outcome, served }: Finish,
  { elapsedMs }: Progress,
): number | null {
  if (review === undefined || (outcome !== 'last-stage' && outcome !== 'exhausted')) return null;
  const sure = served !== null && served.confidence !== null && served.confidence >= served.threshold;
  if (sure) return null;
  const left = limits.deadlineMs === null ? Infinity : limits.deadlineMs - elapsedMs;
  return left <= 0 ? null : Math.min(review.timeoutMs, left);
}

/** The plan with the person as its last stage: what is shown, served and named from then on. Nothing is decided by it. */
export function withReviewStage(plan: Plan): Plan {
  return { ...plan, stages: [...plan.stages, REVIEW_STAGE], thresholds: [...plan.thresholds, 1] };
}

/** Nobody bills for it. */
const REVIEW_STAGE: PlannedModel = {
  model: 'review',
  provider: 'person',
  modelId: 'review',
  parameters: {},
  maxOutputTokens: null,
  timeoutMs: 0,
  maxAttempts: 1,
  stream: false,
  price: null,
  expectedUsdPerMtok: null,
  prices: null,
  worstCaseUsd: '0',
};

/**
 * What a query ends with after a person's word. A text of theirs is served, as the answer of the stage that they are; a word
 * on the proposed answer leaves that one served. Either way the chain has come to its end: `last-stage`.
 * @param response the person's own answer; null where they gave none.
 */
export function afterReview(
  state: CascadeState,
  finish: Finish,
  response: ResponseRef | null,
): { readonly state: CascadeState; readonly finish: Finish } {
  if (response === null) return { state, finish: { ...finish, outcome: 'last-stage' } };
  return {
    state: { ...state, responses: [...state.responses, response] },
    finish: {
      type: 'finish',
      outcome: 'last-stage',
      served: { ...response, confidence: null, threshold: 1 },
    },
  };
}
