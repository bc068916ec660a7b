import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { begin, step, type CascadeState, type Finish } from '../core/cascade.ts';
import { cascadeAnswer } from '../core/cascade-answer.ts';
import { answeredBy, CANCELLED, ClimbLog, scoredBy, type StageOutcome } from '../core/climb-log.ts';
import type { Plan } from '../core/policy.ts';
import { endInput } from '../core/query-ending.ts';
import { CANCEL_HEARD, QUERY_LOST, type AttemptSummary, type CascadeAnswer } from '../core/result.ts';
import { reviewWait } from '../core/review.ts';
import { NOTHING } from '../core/spend.ts';
import { callInput, requestTimeout, scoreInput, startToClose, type Work } from '../core/stage-work.ts';
import { outcomeOf, retryDelay, workFailure, type WorkFailure } from '../core/work-failure.ts';
import { call } from './call.ts';
import { end } from './end.ts';
import { joinCloses } from './joined-closes.ts';
import type { Ports, WorkflowStates } from './ports.ts';
import { score, textsToScore } from './score.ts';
import type { Climbed } from './types.ts';
import { TookTooLong, within } from './within.ts';

/** Ending is one round trip to Postgres: far below this, unless it is away. */
const ENDING_MS = 20_000;

/**
 * Climbs a query within the activity that planned it: by the same state machine as the workflow, which then takes what came
 * of each command as if it had asked for it. Whatever has to wait is left to the workflow: a request that may be tried again,
 * a person's word. Executed again after a crash, it finds in the ledger what it has bought.
 * @param startedMs when the run began, in epoch milliseconds. @param signal aborts when the query is cancelled.
 * @param onAnswer is told the answer as soon as the ledger has it.
 * @throws what is worth another execution: a ledger that is away, or that has lost the query's start.
 */
export async function climb(
  ports: Ports,
  temporal: WorkflowStates,
  plan: Plan,
  startedMs: number,
  signal: AbortSignal,
  onAnswer: (answer: CascadeAnswer) => void,
): Promise<Climbed> {
  const { ledger, settle } = joinCloses(ports.ledger);
  const own = { ...ports, ledger };
  const log = new ClimbLog();
  const outcomes: (StageOutcome & { elapsedMs: number })[] = [];
  const elapsedMs = Date.now() - startedMs;
  let now = elapsedMs;
  let { state, command } = begin(plan, { spent: NOTHING, elapsedMs });
  try {
    while (command.type !== 'finish') {
      const scored = log.scored(command);
      const outcome = scored ?? (await perform(own, plan, state, command, signal));
      if ('retryInMs' in outcome) return { elapsedMs, outcomes, ...outcome };
      if (scored === null) {
        now = Date.now() - startedMs;
        outcomes.push({ ...outcome, elapsedMs: now });
      }
      ({ state, command } = step(plan, state, log.take(state, outcome, now)));
    }
    const progress = { spent: log.spent(), elapsedMs: Date.now() - startedMs };
    if (command.served === null || reviewWait(plan, command, progress) !== null)
      return { elapsedMs, outcomes };
    const ended = await ending(own, temporal, plan, state, command, log);
    onAnswer(cascadeAnswer(plan, command, command.served, log, ended));
    return { elapsedMs, outcomes, ended };
  } finally {
    await settle();
  }
}

async function ending(
  ports: Ports,
  temporal: WorkflowStates,
  plan: Plan,
  state: CascadeState,
  finish: Finish,
  log: ClimbLog,
): Promise<readonly AttemptSummary[]> {
  try {
    const input = endInput(plan, state, finish, log, null);
    return (await within(ENDING_MS, () => end(ports, temporal, input))).attempts;
  } catch (error) {
    throw worthAnother(error);
  }
}

async function perform(
  ports: Ports,
  plan: Plan,
  state: CascadeState,
  command: Work,
  signal: AbortSignal,
): Promise<StageOutcome | { readonly retryInMs: number }> {
  const deadlineAt = command.timeLeftMs === null ? Infinity : Date.now() + command.timeLeftMs;
  try {
    return await within(
      startToClose(requestTimeout(plan, command)),
      (both) => carryOut(ports, plan, state, command, both),
      signal,
    );
  } catch (error) {
    const failure = failureOf(error);
    if (isCancel(error, failure, signal)) return CANCELLED;
    const retryInMs = retryDelay(failure);
    if (retryInMs !== null && retryInMs < deadlineAt - Date.now()) return { retryInMs };
    const outcome = failure.type === QUERY_LOST ? null : outcomeOf(failure, command.type);
    if (outcome === null) throw worthAnother(error);
    return outcome;
  }
}

async function carryOut(
  ports: Ports,
  plan: Plan,
  state: CascadeState,
  command: Work,
  signal: AbortSignal,
): Promise<StageOutcome> {
  const now = Date.now();
  if (command.type === 'call') {
    return answeredBy(await call(ports, callInput(plan, state, command, now), signal));
  }
  const input = scoreInput(plan, state, command, now);
  const { scores, attempts } = await score(ports, input, await textsToScore(ports, input), signal);
  return scoredBy(scores, attempts);
}

/** A failure that a cancel met on its way is the cancel's doing; a worker that shuts down cancels nothing. */
function isCancel(error: unknown, { type }: WorkFailure, signal: AbortSignal): boolean {
  if (Context.current().cancellationDetails?.workerShutdown === true) return false;
  return error instanceof CancelledFailure || type === CANCEL_HEARD || signal.aborted;
}

/** Planning again opens a query anew whose start the ledger has lost, with nothing spent. */
function worthAnother(error: unknown): unknown {
  return failureOf(error).type === QUERY_LOST ? new Error('the ledger has lost the query’s start') : error;
}

function failureOf(error: unknown): WorkFailure {
  return workFailure(error, error instanceof ApplicationFailure ? error : null, error instanceof TookTooLong);
}
