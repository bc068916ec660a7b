/**
 * The cascade as a pure state machine: no I/O, clock or chance. The workflow answers its commands with activities, the
 * simulator with recorded responses; both therefore decide alike.
 *
 * In prose. `begin` asks for the first stage. A stage is *called*; when a response has come it is *scored*; when the most
 * probable candidate clears the stage's threshold it is served (`accepted`), else the next stage is called. A stage that
 * fails is passed over, unless no other stage could do better (a wrong key), which fails the query. After the last stage
 * the most probable candidate is served all the same (`last-stage`, or `exhausted` when the last stage failed).
 *
 * Before each call the budget and the deadline are asked: a call is only made when what has been spent at most, plus the
 * most that the call and its scoring can cost, stays within the budget, and while time is left. Otherwise the best
 * candidate so far is served with the outcome `budget` or `deadline`; where the task says `fail`, nothing is served at a
 * budget. A cancel ends the query at once and serves nothing.
 *
 * Every event carries what has been spent and how long the query has run, so that limits are decided here and nowhere
 * else. After `finish` no event is accepted.
 */
import { planProblem, thresholdAt, type CascadePlan } from './cascade-plan.ts';
import type { FailureKind } from './failure.ts';
import { reactionTo } from './failure.ts';
import { parseUsd } from './money.ts';
import type { Spend } from './spend.ts';

/** A usable response: the attempt that paid for it, and the candidate it gave (null where it holds no answer). */
export interface ResponseRef {
  readonly stage: number;
  readonly attemptId: string;
  readonly answer: string | null;
}

/** How likely a candidate is to be right, in [0, 1]. */
export interface ScoredAnswer {
  readonly answer: string;
  readonly confidence: number;
}

/** Money and time so far, over all attempts of the query. */
export interface Progress {
  readonly spent: Spend;
  /** Milliseconds since the query's run began. */
  readonly elapsedMs: number;
}

/** What came of a command, before money and time are added. */
export type Happening =
  | { readonly type: 'answered'; readonly attemptId: string; readonly answer: string | null }
  | { readonly type: 'scored'; readonly scores: readonly ScoredAnswer[] }
  /** The call, or the scoring, that was asked for has failed for good. */
  | { readonly type: 'failed'; readonly kind: FailureKind }
  /** The ledger refused to open an attempt: it could have overspent the query's limit, or a budget. */
  | { readonly type: 'denied' }
  | { readonly type: 'cancelled' };

export type CascadeEvent = Progress & Happening;

export type Command =
  | { readonly type: 'call'; readonly stage: number; readonly timeLeftMs: number | null }
  | { readonly type: 'score'; readonly stage: number; readonly timeLeftMs: number | null }
  | Finish;

export const OUTCOMES = [
  'accepted',
  'last-stage',
  'budget',
  'deadline',
  'exhausted',
  'cancelled',
  'failed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export interface Finish {
  readonly type: 'finish';
  readonly outcome: Outcome;
  /** What is served; null where there is nothing to serve, which is an error for the caller. */
  readonly served: Served | null;
}

/** The served response, and the evidence it was served on. */
export interface Served extends ResponseRef {
  /** Of its candidate; null where it was never scored. */
  readonly confidence: number | null;
  /** Of the stage at which the cascade stopped. */
  readonly threshold: number;
}

export interface CascadeState {
  readonly phase: 'calling' | 'scoring' | 'finished';
  readonly stage: number;
  readonly responses: readonly ResponseRef[];
  readonly failures: readonly {
    readonly stage: number;
    readonly during: 'call' | 'score';
    readonly kind: FailureKind;
  }[];
  /** The latest scores. A response without an answer changes none. */
  readonly scores: readonly ScoredAnswer[];
  /** By stage, the threshold that its scores were held to; only where the plan has a `stopRule`. */
  readonly heldTo?: Readonly<Record<number, number>>;
}

export interface Decision {
  readonly state: CascadeState;
  readonly command: Command;
}

/** The first decision of a query. @throws {RangeError} when the plan is not one (see {@link planProblem}). */
export function begin(plan: CascadePlan, progress: Progress): Decision {
  const problem = planProblem(plan);
  if (problem !== null) throw new RangeError(problem);
  const state: CascadeState = { phase: 'calling', stage: 0, responses: [], failures: [], scores: [] };
  return callOrFinish(plan, state, 0, progress);
}

/** The threshold that a stage was held to; where it was not scored, the plan's own for it. */
export function heldTo(plan: Pick<CascadePlan, 'thresholds'>, state: CascadeState, stage: number): number {
  return state.heldTo?.[stage] ?? plan.thresholds[stage] ?? 1;
}

/**
 * The next decision.
 * @throws {RangeError} when the event does not answer the last command: a response nobody asked for, or anything after
 *   the end. That is a defect of the interpreter, never of the query.
 */
export function step(plan: CascadePlan, state: CascadeState, event: CascadeEvent): Decision {
  if (state.phase === 'finished')
    throw new RangeError(`the cascade has ended; it cannot take "${event.type}"`);
  switch (event.type) {
    case 'answered':
      return onAnswered(plan, state, event);
    case 'scored':
      return onScored(plan, state, event);
    case 'failed':
      return onFailed(plan, state, event);
    case 'denied':
      return finish(plan, state, 'budget');
    case 'cancelled':
      return finish(plan, state, 'cancelled');
  }
}

function onAnswered(
  plan: CascadePlan,
  state: CascadeState,
  event: Extract<CascadeEvent, { type: 'answered' }>,
): Decision {
  if (state.phase !== 'calling') throw new RangeError('a response came while none was asked for');
  const response = { stage: state.stage, attemptId: event.attemptId, answer: event.answer };
  const answered = { ...state, responses: [...state.responses, response] };
  if (isLast(plan, state.stage) && !plan.scorer.scoresLastStage) return finish(plan, answered, 'last-stage');
  const timeLeftMs = timeLeft(plan, event);
  if (timeLeftMs !== null && timeLeftMs <= 0) {
    // At the last stage only the scores are missing, and those of before must not outweigh the dearest model's word.
    return finish(plan, answered, isLast(plan, state.stage) ? 'last-stage' : 'deadline');
  }
  return {
    state: { ...answered, phase: 'scoring' },
    command: { type: 'score', stage: state.stage, timeLeftMs },
  };
}

function onScored(
  plan: CascadePlan,
  state: CascadeState,
  event: Extract<CascadeEvent, { type: 'scored' }>,
): Decision {
  if (state.phase !== 'scoring') throw new RangeError('scores came while none were asked for');
  for (const { answer, confidence } of event.scores) {
    if (!(confidence >= 0 && confidence <= 1))
      throw new RangeError(`confidence ${confidence} is not in [0, 1]`);
    if (!state.responses.some((response) => response.answer === answer)) {
      throw new RangeError(`"${answer}" was scored, but no response gave it`);
    }
  }
  const held = withThreshold(plan, state, event.spent);
  const scored = event.scores.length > 0 ? { ...held, scores: event.scores } : held;
  const best = bestCandidate(plan, scored);
  // A stage whose response holds no answer brings no evidence: it must not accept what was rejected before.
  const newest = scored.responses.at(-1);
  const evidence = newest !== undefined && newest.answer !== null;
  if (evidence && best !== null && best.confidence !== null && best.confidence >= best.threshold) {
    return finish(plan, scored, 'accepted');
  }
  return climb(plan, scored, event);
}

function withThreshold(plan: CascadePlan, state: CascadeState, spent: Spend): CascadeState {
  if (plan.stopRule === undefined) return state;
  const threshold = thresholdAt(plan, state.stage, spent);
  return { ...state, heldTo: { ...state.heldTo, [state.stage]: threshold } };
}

function onFailed(
  plan: CascadePlan,
  state: CascadeState,
  event: Extract<CascadeEvent, { type: 'failed' }>,
): Decision {
  const during = state.phase === 'scoring' ? ('score' as const) : ('call' as const);
  const failed = {
    ...state,
    failures: [...state.failures, { stage: state.stage, during, kind: event.kind }],
  };
  if (reactionTo(event.kind) === 'abort') return finish(plan, failed, 'failed');
  return climb(plan, failed, event);
}

/** To the next stage, or to the end of the chain. */
function climb(plan: CascadePlan, state: CascadeState, progress: Progress): Decision {
  if (isLast(plan, state.stage)) {
    const answered = state.responses.some((response) => response.stage === state.stage);
    return finish(plan, state, answered ? 'last-stage' : endAfterFailure(plan, progress));
  }
  return callOrFinish(plan, state, state.stage + 1, progress);
}

/** A last stage that failed because time had run out is the deadline's doing. */
function endAfterFailure(plan: CascadePlan, progress: Progress): Outcome {
  const left = timeLeft(plan, progress);
  return left !== null && left <= 0 ? 'deadline' : 'exhausted';
}

/** A stage that is not called leaves the state where it was: what is served carries the threshold that it was held to. */
function callOrFinish(plan: CascadePlan, state: CascadeState, stage: number, progress: Progress): Decision {
  const timeLeftMs = timeLeft(plan, progress);
  if (timeLeftMs !== null && timeLeftMs <= 0) return finish(plan, state, 'deadline');
  if (!affordable(plan, stage, progress.spent)) return finish(plan, state, 'budget');
  return { state: { ...state, phase: 'calling', stage }, command: { type: 'call', stage, timeLeftMs } };
}

/** Whether a stage's call and its scoring, at their worst, fit into what is left of the query's budget. */
function affordable(plan: CascadePlan, stage: number, spent: Spend): boolean {
  if (plan.limits.maxCostUsd === null) return true;
  const call = plan.stages[stage]?.worstCaseUsd ?? null;
  const scored = !isLast(plan, stage) || plan.scorer.scoresLastStage;
  const score = scored ? plan.scorer.worstCaseUsd : '0';
  if (spent.high === null || call === null || score === null) return false;
  return spent.high + parseUsd(call) + parseUsd(score) <= parseUsd(plan.limits.maxCostUsd);
}

function timeLeft(plan: CascadePlan, progress: Progress): number | null {
  return plan.limits.deadlineMs === null ? null : plan.limits.deadlineMs - progress.elapsedMs;
}

function isLast(plan: CascadePlan, stage: number): boolean {
  return stage === plan.stages.length - 1;
}

function finish(plan: CascadePlan, state: CascadeState, outcome: Outcome): Decision {
  const servesNothing =
    outcome === 'cancelled' ||
    outcome === 'failed' ||
    (outcome === 'budget' && plan.limits.atBudget === 'fail');
  const served = servesNothing
    ? null
    : outcome === 'last-stage'
      ? atTheEnd(plan, state)
      : bestCandidate(plan, state);
  return { state: { ...state, phase: 'finished' }, command: { type: 'finish', outcome, served } };
}

/** A last response that was not scored is served as it is, when it holds an answer: it has the dearest model's word. */
function atTheEnd(plan: CascadePlan, state: CascadeState): Served | null {
  const newest = state.responses.at(-1);
  const unscored = newest !== undefined && newest.answer !== null && !isScored(state, newest.answer);
  return unscored ? serve(plan, state, spokesman(plan, state, newest), null) : bestCandidate(plan, state);
}

/**
 * The response that speaks for a response's candidate: what is served, and what the verdict `accepted` goes to. Its earliest
 * one; where the models' accuracies were learned, the most accurate model's, since equal answers may differ in their texts.
 */
function spokesman(plan: CascadePlan, state: CascadeState, response: ResponseRef): ResponseRef {
  if (response.answer === null) return response;
  const accuracy = ({ stage }: ResponseRef): number => plan.modelAccuracy?.[stage] ?? 0;
  const members = state.responses.filter(({ answer }) => answer === response.answer);
  return members.reduce(
    (best, member) => (accuracy(member) > accuracy(best) ? member : best),
    members[0] ?? response,
  );
}

function isScored(state: CascadeState, answer: string): boolean {
  return state.scores.some((score) => score.answer === answer);
}

/**
 * The most probable candidate, by its {@link spokesman}. Of equally probable ones, the candidate with the newest response
 * wins: it has a dearer model's word. Where nothing was scored, the candidate of the newest response with an answer is
 * served, or failing that the newest response.
 */
function bestCandidate(plan: CascadePlan, state: CascadeState): Served | null {
  let best: { newest: ResponseRef; confidence: number } | null = null;
  for (const { answer, confidence } of state.scores) {
    const newest = state.responses.findLast((response) => response.answer === answer);
    if (newest === undefined) continue;
    const better =
      best === null ||
      confidence > best.confidence ||
      (confidence === best.confidence && newest.stage > best.newest.stage);
    if (better) best = { newest, confidence };
  }
  if (best !== null) return serve(plan, state, spokesman(plan, state, best.newest), best.confidence);
  const fallback = state.responses.findLast((response) => response.answer !== null) ?? state.responses.at(-1);
  if (fallback === undefined) return null;
  return serve(plan, state, spokesman(plan, state, fallback), fallback.answer === null ? 0 : null);
}

function serve(
  plan: CascadePlan,
  state: CascadeState,
  response: ResponseRef,
  confidence: number | null,
): Served {
  return { ...response, confidence, threshold: heldTo(plan, state, state.stage) };
}
