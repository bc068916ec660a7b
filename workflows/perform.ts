import { ActivityFailure, ApplicationFailure, isCancellation, TimeoutFailure } from '@temporalio/workflow';
import type { CallFailure, ScoreInput } from '../activities/types.ts';
import type { CascadeState, Command } from '../core/cascade.ts';
import type { Plan, PlannedModel } from '../core/policy.ts';
import { CANCEL_HEARD, DENIED, failureType, UNSCORED } from '../core/result.ts';
import { brief, call, scheduleToClose, scoreHere, scoreThere } from './activities.ts';
import { askModels } from './ask-models.ts';
import type { Climb, Happening } from './climb.ts';
import { refTo, withQuery } from './pin.ts';

type Work = Extract<Command, { type: 'call' | 'score' }>;

/** The scores of a stage whose call has scored it too; null where its command is still to be carried out. */
export function scoredAlready(command: Work, climb: Climb): Happening | null {
  const scores = command.type === 'score' ? climb.stages.get(command.stage)?.scores : undefined;
  return scores === undefined ? null : { type: 'scored', scores };
}

/** Carries out a command of the state machine, within the climb's scope, and says what came of it. */
export async function perform(
  plan: Plan,
  state: CascadeState,
  command: Work,
  climb: Climb,
): Promise<Happening> {
  const work = command.type === 'call' ? callStage : scoreStage;
  try {
    return await withQuery(climb.request, plan, () => work(plan, state, command, climb));
  } catch (error) {
    return afterFailure(error, command, climb);
  }
}

async function callStage(plan: Plan, state: CascadeState, command: Work, climb: Climb): Promise<Happening> {
  const { stage } = command;
  const model = modelAt(plan, stage);
  const scores = scoredByCall(plan, stage);
  const result = await askModels(plan, call, {
    summary: brief(`stage ${stage + 1} · ${model.model}${scores ? ` · scored by ${plan.scorer.name}` : ''}`),
    timeoutMs: model.timeoutMs,
    input: {
      query: refTo(plan),
      stage,
      model,
      deadlineAt: deadlineAt(command),
      ...(scores ? { scoring: { scorer: plan.scorer, responses: responsesOf(plan, state) } } : {}),
    },
  });
  climb.buy(result.attempts);
  climb.note(stage, result);
  return { type: 'answered', attemptId: result.attemptId, answer: result.answer };
}

async function scoreStage(plan: Plan, state: CascadeState, command: Work, climb: Climb): Promise<Happening> {
  const { scorer } = plan;
  const summary = brief(`score stage ${command.stage + 1} · ${scorer.name}`);
  const input = {
    query: refTo(plan),
    stage: command.stage,
    scorer,
    responses: responsesOf(plan, state),
    deadlineAt: deadlineAt(command),
  };
  const timeoutMs = Math.max(0, ...scorer.models.map((model) => model.timeoutMs));
  const result = scorer.remote
    ? await askModels(plan, scoreThere, { summary, timeoutMs, input })
    : await scoreHere.executeWithOptions({ summary, ...scheduleToClose(command.timeLeftMs) }, [input]);
  climb.buy(result.attempts);
  return { type: 'scored', scores: result.scores };
}

/** Whether the activity that calls a stage also scores it, on its worker's processor: it has the texts at hand. */
function scoredByCall({ scorer, stages }: Plan, stage: number): boolean {
  return !scorer.remote && (scorer.scoresLastStage || stage < stages.length - 1);
}

/**
 * What a failed activity means to the cascade. What it bought all the same is kept. A failure that a cancel met on its way
 * (Temporal then retries no more) is the cancel's doing.
 */
async function afterFailure(error: unknown, command: Work, climb: Climb): Promise<Happening> {
  if (isCancellation(error) || climb.scope.consideredCancelled) return { type: 'cancelled' };
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && cause.type === CANCEL_HEARD) {
    await climb.cancelled();
    return { type: 'cancelled' };
  }
  const details =
    cause instanceof ApplicationFailure ? (cause.details?.[0] as Partial<CallFailure>) : undefined;
  climb.buy(details?.attempts ?? []);
  climb.note(command.stage, { failure: cause instanceof Error ? cause.message : String(cause) });
  if (cause instanceof TimeoutFailure) return { type: 'failed', kind: 'timeout' };
  if (cause instanceof ApplicationFailure) {
    if (cause.type === DENIED) {
      climb.note(command.stage, { denied: true });
      return { type: 'denied' };
    }
    if (cause.type === UNSCORED) return { type: 'failed', kind: 'unscored' };
    if (details?.kind !== undefined) return { type: 'failed', kind: details.kind };
    // The ledger cannot go on with this query: it had ended before this run came to it.
    if (cause.type === failureType('answer-not-retained')) throw cause;
    // Temporal's own word, such as a result over its size limit: asking again would give the same.
    return { type: 'failed', kind: command.type === 'call' ? 'unknown-response' : 'unscored' };
  }
  throw error;
}

function responsesOf(plan: Plan, state: CascadeState): ScoreInput['responses'] {
  return state.responses.map((response) => ({ ...response, model: modelAt(plan, response.stage).model }));
}

function modelAt(plan: Plan, stage: number): PlannedModel {
  const model = plan.stages[stage];
  if (model === undefined) throw new RangeError(`the plan has no stage ${stage + 1}`);
  return model;
}

function deadlineAt(command: Work): number | null {
  return command.timeLeftMs === null ? null : Date.now() + command.timeLeftMs;
}
