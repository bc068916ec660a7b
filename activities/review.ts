import { activityInfo } from '@temporalio/activity';
import { extractAnswer } from '../core/answer.ts';
import { messageText } from '../core/message.ts';
import { parseReview, type Review } from '../core/feedback.ts';
import { JUDGED } from '../core/review.ts';
import { exactly } from '../core/spend.ts';
import type { Close, KeptResponse } from '../ledger/close-attempt.ts';
import { cancelHeard, cannotPlan, queryLost } from './failures.ts';
import type { Ports } from './ports.ts';
import type { ReviewActivities, ReviewAsked, ReviewClosed, ReviewPlace, ReviewResponse } from './types.ts';

/** After the wait: what a worker needs to close the row. */
const GRACE_MS = 60_000;

/**
 * A person as a stage: the row of an attempt is open while they are waited for, and closed with what they said. It costs
 * nothing, and the answer that they give is served, kept and found again like any other.
 */
export function createReviewActivities(ports: Ports): ReviewActivities {
  return {
    askReview: (place, waitMs) => askReview(ports, place, waitMs),
    checkReview: (review) => Promise.resolve(checkReview(review)),
    closeReview: (closed) => closeReview(ports, closed),
  };
}

async function askReview(ports: Ports, place: ReviewPlace, waitMs: number): Promise<ReviewAsked | null> {
  const { query, stage } = place;
  const info = activityInfo();
  const opened = await ports.ledger.openAttempt({
    queryId: query.queryId,
    startedAt: query.startedAt,
    purpose: 'serve',
    stage,
    ordinal: 0,
    task: query.task,
    policyVersion: query.policyVersion,
    provider: 'person',
    model: 'review',
    modelId: 'review',
    priceId: null,
    serviceTier: null,
    worstCaseUsd: '0',
    // A person costs the query nothing.
    maxCostUsd: null,
    sparesFirstStages: false,
    maxAttempts: 1,
    expiresInMs: waitMs + GRACE_MS,
    workflowId: info.workflowExecution?.workflowId ?? '',
    runId: info.workflowExecution?.runId ?? '',
    activityAttempt: info.attempt,
    worker: ports.worker,
  });
  if (opened.type === 'lost') throw queryLost(query);
  if (opened.type === 'cancelled') throw cancelHeard();
  if (opened.type === 'denied' || opened.type === 'failed') return null;
  const { attemptId } = opened;
  if (opened.type === 'opened') return { attemptId, said: null };
  // Another run of the query was answered before.
  const kept = (await ports.ledger.textsOf(query, [attemptId])).get(attemptId) as KeptResponse | undefined;
  return { attemptId, said: kept === undefined ? null : responseOf(place, kept) };
}

/** @throws {ApplicationFailure} `escalier.bad-request` where it is none. */
function checkReview(value: Review): Review {
  const parsed = parseReview(value);
  if ('review' in parsed) return parsed.review;
  throw cannotPlan('bad-request', `the review is none: ${parsed.problems.join('; ')}`, {
    queryId: null,
    task: null,
  });
}

async function closeReview(ports: Ports, closed: ReviewClosed): Promise<ReviewResponse | null> {
  const { query, attemptId, judgedAttemptId, end, waitedMs } = closed;
  const review = end.type === 'reviewed' ? end.review : null;
  const kept: KeptResponse | null = review && {
    message: { role: 'assistant', content: review.answer ?? '' },
    finishReason: review.answer === undefined ? JUDGED : 'stop',
    logprobs: null,
  };
  await ports.ledger.closeAttempt({
    ...EMPTY_CLOSE,
    queryId: query.queryId,
    startedAt: query.startedAt,
    attemptId,
    status: end.type === 'reviewed' ? 'succeeded' : end.type === 'cancelled' ? 'cancelled' : 'failed',
    failureKind: end.type === 'timeout' ? 'timeout' : null,
    failureMessage: end.type === 'timeout' ? 'nobody reviewed it in time' : null,
    latencyMs: waitedMs,
    response: kept && { text: review?.answer ?? '', kept },
    retention: query.retention,
  });
  if (review !== null && judgedAttemptId !== null) {
    await ports.ledger.labelQuery(activityInfo().namespace, {
      ...review,
      query: query.queryId,
      attempt: judgedAttemptId,
      sourceKind: 'person',
    });
  }
  return kept && responseOf(closed, kept);
}

const EMPTY_CLOSE = {
  httpStatus: null,
  usage: null,
  cost: exactly(0n),
  costSource: 'estimate',
  priceId: null,
  serviceTier: null,
  reportedModel: null,
  responseId: null,
  requestId: null,
  timeToFirstTokenMs: null,
} as const satisfies Partial<Close>;

/** A word on the proposed answer has no text of its own. */
function responseOf({ query, stage }: ReviewPlace, { message, finishReason }: KeptResponse): ReviewResponse {
  if (finishReason === JUDGED) return { message: null, answer: null };
  return { message, answer: extractAnswer(messageText(message), query.answer, stage) };
}
