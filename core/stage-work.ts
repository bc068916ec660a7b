import type { CascadeState, Command } from './cascade.ts';
import type { Plan, PlannedModel, PlanRef, ScorerSpec } from './policy.ts';

/** A command that is carried out by asking, or by scoring what was said. */
export type Work = Extract<Command, { type: 'call' | 'score' }>;

/** The part of the plan that activities need: the rest would be in the history once per activity. */
export function refTo(plan: PlanRef): PlanRef {
  const { queryId, startedAt, task, policyVersion, retention, answer, limits } = plan;
  return { queryId, startedAt, task, policyVersion, retention, answer, limits };
}

/** What the activity that calls a stage is told. @param nowMs epoch milliseconds. */
export function callInput(plan: Plan, state: CascadeState, command: Work, nowMs: number) {
  const { stage } = command;
  return {
    query: refTo(plan),
    stage,
    model: modelAt(plan, stage),
    deadlineAt: deadlineAt(command, nowMs),
    ...(scoredByCall(plan, stage)
      ? { scoring: { scorer: plan.scorer, responses: responsesOf(plan, state) } }
      : {}),
  };
}

/** What the activity that scores a stage is told. @param nowMs epoch milliseconds. */
export function scoreInput(plan: Plan, state: CascadeState, command: Work, nowMs: number) {
  return {
    query: refTo(plan),
    stage: command.stage,
    scorer: plan.scorer,
    responses: responsesOf(plan, state),
    deadlineAt: deadlineAt(command, nowMs),
  };
}

/** A service that scores says itself what it may take, or has as long as Node's fetch waits for an answer. */
const LONGEST_SCORING_MS = 300_000;

/** Milliseconds that one request of the work may take. */
export function requestTimeout(plan: Plan, { type, stage }: Work): number {
  if (type === 'call') return modelAt(plan, stage).timeoutMs;
  const { scorer } = plan;
  return Math.max(scoringTimeout(scorer), ...scorer.models.map((model) => model.timeoutMs));
}

/** Milliseconds that a service may take that scores; 0 for a scorer that asks none, or only models. */
export function scoringTimeout({
  remote,
  models,
  timeoutMs,
}: Pick<ScorerSpec, 'remote' | 'models' | 'timeoutMs'>): number {
  return timeoutMs ?? (remote && models.length === 0 ? LONGEST_SCORING_MS : 0);
}

/**
 * Milliseconds that one execution of an activity may take whose request may take `timeoutMs`: the request, and around it
 * the ledger's transactions, also when Postgres is away for up to a minute.
 */
export function startToClose(timeoutMs: number): number {
  return timeoutMs + 90_000;
}

/** Longer than a busy worker ever leaves between two heartbeats, so that only the dead miss it. */
const SHORTEST_HEARTBEAT_TIMEOUT_MS = 15_000;
const LONGEST_HEARTBEAT_TIMEOUT_MS = 60_000;

/**
 * Milliseconds without a heartbeat after which the worker of an activity counts as dead, whose request may take `timeoutMs`: a
 * quarter of that. Where answers take minutes, many wait at once, and half a minute more after a crash is little.
 */
export function heartbeatTimeout(timeoutMs: number): number {
  return Math.min(LONGEST_HEARTBEAT_TIMEOUT_MS, Math.max(SHORTEST_HEARTBEAT_TIMEOUT_MS, timeoutMs / 4));
}

/** Whether the activity that calls a stage also scores it, on its worker's processor: it has the texts at hand. */
function scoredByCall({ scorer, stages }: Plan, stage: number): boolean {
  return !scorer.remote && (scorer.scoresLastStage || stage < stages.length - 1);
}

function responsesOf(plan: Plan, state: CascadeState) {
  return state.responses.map((response) => ({ ...response, model: modelAt(plan, response.stage).model }));
}

function modelAt(plan: Plan, stage: number): PlannedModel {
  const model = plan.stages[stage];
  if (model === undefined) throw new RangeError(`the plan has no stage ${stage + 1}`);
  return model;
}

function deadlineAt(command: Work, nowMs: number): number | null {
  return command.timeLeftMs === null ? null : nowMs + command.timeLeftMs;
}
