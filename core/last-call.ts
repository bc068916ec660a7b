import { step, type CascadeState, type Finish, type Served } from './cascade.ts';
import type { CascadePlan } from './cascade-plan.ts';
import { answeredBy, ClimbLog, type Answered } from './climb-log.ts';
import type { Plan, PlanRef } from './policy.ts';
import { reviewWait, type ReviewPolicy } from './review.ts';
import { spendFromJson, spendToJson, type SpendJson } from './spend.ts';

/** What a call has to know of its query to end it, where the cascade is over with its response. JSON. */
export interface SoFar {
  /** What decides beside {@link PlanRef}, which the call has anyway. */
  readonly plan: Omit<CascadePlan, 'limits'> & { readonly review?: ReviewPolicy };
  readonly state: CascadeState;
  readonly spent: Omit<SpendJson, 'costUsd'>;
  /** Of the candidates, by stage, as they were scored. */
  readonly confidences: Readonly<Record<number, number | null>>;
  /** When the run began, in epoch milliseconds. */
  readonly startedMs: number;
}

/** How a query ends with a call's response. */
export interface LastDecision {
  readonly plan: PlanRef & CascadePlan;
  readonly state: CascadeState;
  readonly finish: Finish & { readonly served: Served };
  readonly log: ClimbLog;
}

/** What the call of a state is told. */
export function soFarOf(plan: Plan, state: CascadeState, log: ClimbLog, startedMs: number): SoFar {
  const { thresholds, stopRule, modelAccuracy, review, scorer } = plan;
  const { costLowUsd, costHighUsd } = spendToJson(log.spent());
  return {
    plan: {
      stages: plan.stages.map(({ model, worstCaseUsd }) => ({ model, worstCaseUsd })),
      thresholds,
      scorer: { scoresLastStage: scorer.scoresLastStage, worstCaseUsd: scorer.worstCaseUsd },
      ...(stopRule === undefined ? {} : { stopRule }),
      ...(modelAccuracy === undefined ? {} : { modelAccuracy }),
      ...(review === undefined ? {} : { review }),
    },
    state,
    spent: { costLowUsd, costHighUsd },
    confidences: Object.fromEntries(
      [...log.stages].flatMap(([stage, { confidence }]) =>
        confidence === undefined ? [] : [[stage, confidence]],
      ),
    ),
    startedMs,
  };
}

/**
 * The end of the cascade, where it comes with this response, by the state machine that the workflow follows. Null where it goes
 * on, waits for a person, or serves nothing, and where the response is still to be scored.
 * @param result of the call, as its activity gives it. @param nowMs epoch milliseconds.
 */
export function lastDecision(
  query: PlanRef,
  soFar: SoFar,
  result: Answered,
  nowMs: number,
): LastDecision | null {
  const plan = { ...soFar.plan, ...query };
  const log = new ClimbLog(spendFromJson(soFar.spent));
  for (const [stage, confidence] of Object.entries(soFar.confidences))
    log.note(Number(stage), { confidence });
  const elapsedMs = nowMs - soFar.startedMs;
  let { state, command } = step(plan, soFar.state, log.take(soFar.state, answeredBy(result), elapsedMs));
  const scored = log.scored(command);
  if (scored !== null) ({ state, command } = step(plan, state, log.take(state, scored, elapsedMs)));
  if (command.type !== 'finish' || command.served === null) return null;
  if (reviewWait(plan, command, { spent: log.spent(), elapsedMs }) !== null) return null;
  return { plan, state, finish: { ...command, served: command.served }, log };
}
