import { activityInfo } from '@temporalio/activity';
import { cascadeAnswer } from '../core/cascade-answer.ts';
import type { EndedByCall } from '../core/climb-log.ts';
import { lastDecision, type LastDecision, type SoFar } from '../core/last-call.ts';
import { endInput } from '../core/query-ending.ts';
import type { CascadeAnswer } from '../core/result.ts';
import type { KeptResponse } from '../ledger/close-attempt.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { call } from './call.ts';
import { joinCloses } from './joined-closes.ts';
import type { Ports } from './ports.ts';
import type { CallInput, CallResult } from './types.ts';

/**
 * Asks a stage's model and, where the cascade is over with what it says, ends the query as well: in one commit with the close
 * of its attempt, and a caller in this process need not wait until the workflow has heard of it. Where that cannot be, the
 * workflow ends the query, or says why not.
 *
 * The first end counts: an execution that finds the query answered gives that answer, and one whose call has been tried
 * again by another since ends nothing.
 * @throws as `call` does. @param onAnswer is told the answer as soon as the ledger has it.
 */
export async function callAndEnd(
  ports: Ports,
  input: CallInput,
  signal: AbortSignal,
  onAnswer: (answer: CascadeAnswer) => void,
): Promise<CallResult> {
  const { query, soFar } = input;
  if (soFar === undefined) return call(ports, input, signal);
  const { attempt, isLocal } = activityInfo();
  // A local activity whose workflow task was lost is executed again as if for the first time.
  const maybeAgain = attempt > 1 || isLocal;
  const recorded = maybeAgain ? await recordedEnd(ports, input, soFar, signal) : null;
  if (recorded !== null) return recorded;
  const { ledger, settle } = joinCloses(ports.ledger);
  try {
    const result = await call({ ...ports, ledger }, input, signal);
    const last = lastDecision(query, soFar, result, Date.now());
    if (last === null) return result;
    const ended = await endWith(ledger, result, last);
    if (ended === null) return result;
    onAnswer(await answerOf(ledger, last, ended));
    return { ...result, ended };
  } finally {
    await settle();
  }
}

/** Null where the query is not this execution's to end, or the ledger is away: the workflow tries it by itself then. */
async function endWith(
  ledger: Ledger,
  { attemptId, attempts }: CallResult,
  { plan, state, finish, log }: LastDecision,
): Promise<EndedByCall | null> {
  const own = attempts.find((attempt) => attempt.attemptId === attemptId);
  if (own === undefined) return null;
  const input = endInput(plan, state, finish, log, null);
  const lastCall = { stage: own.stage, try: own.try };
  const ended = await ledger
    .endQuery({ ...input, ...input.query, runId: runId(), onlyRunning: true, lastCall })
    .catch(() => null);
  return ended?.type === 'ended' ? { finish, attempts: ended.attempts } : null;
}

function runId(): string {
  return activityInfo().workflowExecution?.runId ?? '';
}

/** An answer of an earlier stage has its text in the ledger. */
async function answerOf(
  ledger: Ledger,
  { plan, finish, log }: LastDecision,
  { attempts }: EndedByCall,
): Promise<CascadeAnswer> {
  const { stage, attemptId } = finish.served;
  if (log.stages.get(stage)?.message === undefined) {
    const texts = await ledger.textsOf(plan, [attemptId]);
    const { message, finishReason } = texts.get(attemptId) as unknown as KeptResponse;
    log.note(stage, { message, finishReason });
  }
  return cascadeAnswer(plan, finish, finish.served, log, attempts);
}

/**
 * What an earlier execution has ended the query with, whose process was lost behind that: whatever would be decided by now (the
 * deadline may have passed), this is what the ledger has. Null where there is none. Nothing is bought.
 */
async function recordedEnd(
  ports: Ports,
  input: CallInput,
  { state }: SoFar,
  signal: AbortSignal,
): Promise<CallResult | null> {
  const { query, stage } = input;
  const ended = await ports.ledger.answeredIn(query, runId());
  if (ended === null) return null;
  const result = await call(ports, { ...input, deadlineAt: null }, signal);
  const { attemptId, answer } = result;
  const served = [...state.responses, { stage, attemptId, answer }].find(
    (response) => response.attemptId === ended.servedAttemptId,
  );
  if (served === undefined || ended.outcome === null) return null;
  const { outcome, confidence, threshold } = ended;
  return {
    ...result,
    ended: {
      finish: { type: 'finish', outcome, served: { ...served, confidence, threshold: threshold ?? 1 } },
      attempts: await ports.ledger.attemptsOf(query),
    },
  };
}
