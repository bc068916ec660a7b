import { isCancellation } from '@temporalio/workflow';
import type { CascadeState } from '../core/cascade.ts';
import { answeredBy, CANCELLED, scoredBy, type StageOutcome } from '../core/climb-log.ts';
import { soFarOf } from '../core/last-call.ts';
import type { Plan } from '../core/policy.ts';
import { CANCEL_HEARD } from '../core/result.ts';
import { callInput, requestTimeout, scoreInput, type Work } from '../core/stage-work.ts';
import { outcomeOf } from '../core/work-failure.ts';
import { brief, call, scheduleToClose, scoreHere, scoreThere } from './activities.ts';
import { askModels } from './ask-models.ts';
import type { Climb } from './climb.ts';
import { withQuery } from './pin.ts';
import { causeOf, failureOf } from './work-failure.ts';

/** Shows a command of the state machine, carries it out within the climb's scope, and says what came of it. */
export async function perform(
  plan: Plan,
  state: CascadeState,
  command: Work,
  climb: Climb,
): Promise<StageOutcome> {
  climb.show(plan, state, command);
  const work = command.type === 'call' ? callStage : scoreStage;
  try {
    return await climb.scope.run(() =>
      withQuery(climb.request, plan, () => work(plan, state, command, climb)),
    );
  } catch (error) {
    return afterFailure(error, command, climb);
  }
}

async function callStage(
  plan: Plan,
  state: CascadeState,
  command: Work,
  climb: Climb,
): Promise<StageOutcome> {
  // Executed again after a crash behind the end, a call has to find the answer's text.
  const soFar = plan.retention === 'full' ? { soFar: soFarOf(plan, state, climb, climb.startedMs) } : {};
  const input = { ...callInput(plan, state, command, Date.now()), ...soFar };
  const scored = 'scoring' in input ? ` · scored by ${plan.scorer.name}` : '';
  const summary = brief(`stage ${command.stage + 1} · ${input.model.model}${scored}`);
  const timeoutMs = requestTimeout(plan, command);
  const result = await askModels(plan, call, { summary, timeoutMs, input, retryInMs: climb.takeRetry() });
  return answeredBy(result);
}

async function scoreStage(
  plan: Plan,
  state: CascadeState,
  command: Work,
  climb: Climb,
): Promise<StageOutcome> {
  const { scorer } = plan;
  const summary = brief(`score stage ${command.stage + 1} · ${scorer.name}`);
  const input = scoreInput(plan, state, command, Date.now());
  const timeoutMs = requestTimeout(plan, command);
  const retryInMs = climb.takeRetry();
  const { scores, attempts } = scorer.remote
    ? await askModels(plan, scoreThere, { summary, timeoutMs, input, retryInMs })
    : await scoreHere.executeWithOptions({ summary, ...scheduleToClose(command.timeLeftMs) }, [input]);
  return scoredBy(scores, attempts);
}

/**
 * What a failed activity means to the cascade. What it bought all the same is kept. A failure that a cancel met on its way
 * (Temporal then retries no more) is the cancel's doing.
 */
async function afterFailure(error: unknown, { type }: Work, climb: Climb): Promise<StageOutcome> {
  if (isCancellation(error) || climb.scope.consideredCancelled) return CANCELLED;
  const failure = failureOf(error);
  if (failure.type === CANCEL_HEARD) {
    await climb.cancelled();
    return CANCELLED;
  }
  const outcome = outcomeOf(failure, type);
  // Temporal fails a workflow for an `ApplicationFailure`, which is seen without its wrapping; for any other only its task.
  if (outcome === null) throw failure.type === null ? error : causeOf(error);
  return outcome;
}
