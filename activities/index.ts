import { Context } from '@temporalio/activity';
import { extractAnswer } from '../core/answer.ts';
import type { JsonObject } from '../core/policy.ts';
import { messageText } from '../core/message.ts';
import { cannotPlan } from './failures.ts';
import { plan } from './plan.ts';
import type { Ports, WorkflowStates } from './ports.ts';
import { runCall } from './run-call.ts';
import { score } from './score.ts';
import { createAuditActivities } from './audit.ts';
import { label } from './label.ts';
import { createReviewActivities } from './review.ts';
import { createSweepActivities } from './sweep.ts';
import { createWatchActivities } from './watch.ts';
import { end } from './end.ts';
import type {
  AuditActivities,
  CallInput,
  CallResult,
  CascadeActivities,
  FeedbackActivities,
  ReviewActivities,
  SweepActivities,
  WatchActivities,
} from './types.ts';

export type { ConnectedProvider, Ports, WorkflowState, WorkflowStates } from './ports.ts';

/**
 * A cancel reaches an activity with its next heartbeat, and the server is asked no more often than the worker's
 * `maxHeartbeatThrottleInterval` allows: both are about this long, so that a cancel closes the socket within a second.
 */
export const HEARTBEAT_MS = 400;

/** What the workflows do to the world. */
export function createActivities(
  ports: Ports,
  temporal: WorkflowStates,
): CascadeActivities &
  SweepActivities &
  AuditActivities &
  FeedbackActivities &
  ReviewActivities &
  WatchActivities {
  return {
    plan: (request) => plan(ports, request),
    call: (input) => heartbeating(() => call(ports, input)),
    score: (input) => heartbeating(() => score(ports, input)),
    end: (input) => end(ports, temporal, input),
    label: (feedback) => label(ports, feedback),
    ...createSweepActivities(ports, temporal),
    ...createReviewActivities(ports),
    ...createWatchActivities(ports),
    ...createAuditActivities(ports, temporal, heartbeating),
  };
}

async function call(ports: Ports, input: CallInput): Promise<CallResult> {
  const texts = await ports.ledger.textsOf(input.query);
  const request = texts.get('request') as
    { messages: readonly JsonObject[]; parameters: JsonObject } | undefined;
  if (request === undefined) {
    const { queryId, task, retention } = input.query;
    throw cannotPlan(
      'answer-not-retained',
      `the prompt of query ${queryId} is gone: it had ended, and its task retains "${retention}"; start it again under another key`,
      { queryId, task, attempts: await ports.ledger.attemptsOf(input.query) },
    );
  }
  const { attemptId, response, attempts } = await runCall(ports, {
    ...input,
    ...request,
    purpose: 'serve',
    ordinal: 0,
  });
  const { message, finishReason } = response;
  const answer = extractAnswer(messageText(message), input.query.answer, input.stage);
  return { attemptId, message, finishReason, answer, attempts };
}

async function heartbeating<T>(work: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => {
    context.heartbeat();
  }, HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
