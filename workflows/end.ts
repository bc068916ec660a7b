import {
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import type { CascadeState, Finish } from '../core/cascade.ts';
import { cascadeAnswer, withAttempts } from '../core/cascade-answer.ts';
import type { Plan } from '../core/policy.ts';
import { endInput } from '../core/query-ending.ts';
import {
  failureType,
  type AttemptSummary,
  type CascadeAnswer,
  type CascadeErrorDetails,
  type ErrorCode,
} from '../core/result.ts';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';
import { spendFromJson, spendToJson, sumSpend, type Spend } from '../core/spend.ts';
import { endQuery } from './activities.ts';
import type { Climb } from './climb.ts';
import { withQuery } from './pin.ts';

/**
 * Ends the query in the ledger, unless planning has, and gives its answer or its error. The ledger's word on every attempt is
 * what the query cost.
 * @throws {ApplicationFailure} `escalier.<outcome>` with {@link CascadeErrorDetails} where nothing is served; Temporal's
 *   own cancel ends the workflow as cancelled, without details: Temporal drops them, the query handler still has them.
 */
export async function end(
  plan: Plan,
  state: CascadeState,
  finish: Finish,
  climb: Climb,
): Promise<CascadeAnswer> {
  const { outcome, served } = finish;
  const message = served === null ? whyNothing(plan, finish, climb) : null;
  const answer = served === null ? null : cascadeAnswer(plan, finish, served, climb, climb.attempts());
  const write = () =>
    endQuery.executeWithOptions({ summary: `end · ${outcome}` }, [
      endInput(plan, state, finish, climb, message),
      answer,
    ]);
  const attempts =
    climb.ended ??
    (await CancellationScope.nonCancellable(() => withQuery(climb.request, plan, write))).attempts;
  climb.buy(attempts);
  climb.show(plan, state, finish);
  const spent = sumSpend(attempts.map(spendFromJson));
  publish(plan, finish, spent);
  if (answer === null) throw errorOf(plan, finish, message ?? outcome, attempts, spent);
  return withAttempts(answer, attempts);
}

/** One upsert at the end. The cost is rounded to a micro-dollar, from the low bound: the ledger is exact. */
function publish(plan: Plan, { outcome, served }: Finish, spent: Spend): void {
  const model = served === null ? undefined : plan.stages[served.stage]?.model;
  const MICRO_DOLLAR = 1_000_000n;
  upsertSearchAttributes([
    { key: SEARCH_ATTRIBUTES.task, value: plan.task },
    { key: SEARCH_ATTRIBUTES.outcome, value: outcome },
    ...(model === undefined ? [] : [{ key: SEARCH_ATTRIBUTES.model, value: model }]),
    {
      key: SEARCH_ATTRIBUTES.costMicroUsd,
      value: Number((spent.low + MICRO_DOLLAR / 2n) / MICRO_DOLLAR),
    },
  ]);
}

function whyNothing(plan: Plan, { outcome }: Finish, climb: Climb): string {
  const failures = [...climb.stages].flatMap(([stage, { failure }]) =>
    failure === undefined ? [] : [`stage ${stage + 1} (${plan.stages[stage]?.model ?? '?'}): ${failure}`],
  );
  const because = failures.length === 0 ? '' : `: ${failures.join('; ')}`;
  switch (outcome) {
    case 'budget':
      return `${noMoney(plan, climb)}${because}`;
    case 'deadline':
      return `the deadline of ${plan.limits.deadlineMs ?? 0} ms passed before any model answered${because}`;
    case 'cancelled':
      return 'the query was cancelled';
    case 'accepted':
    case 'last-stage':
    case 'exhausted':
    case 'failed':
      return `no model gave a usable response${because}`;
  }
}

/** Either the ledger refused a call, for a reason among the failures, or the query's own limit kept it from being asked for. */
function noMoney(plan: Plan, climb: Climb): string {
  const denied = [...climb.stages.values()].some((stage) => stage.denied);
  const limit = `the limit of $${plan.limits.maxCostUsd ?? '0'} per query`;
  const unbounded = [...plan.stages, ...plan.scorer.models].find((model) => model.worstCaseUsd === null);
  const why = denied
    ? 'no money is left for a call'
    : unbounded === undefined
      ? `${limit} leaves no room for a call`
      : `${limit} cannot be held: nothing bounds what a request to ${unbounded.model} costs, which takes a known price, max_output_tokens, and no input that its vendor adds`;
  const answered = [...climb.stages.values()].some((stage) => stage.message !== undefined);
  return answered ? `${why}, and the task serves no answer below its threshold (at_limit: fail)` : why;
}

function errorOf(
  plan: Plan,
  { outcome }: Finish,
  message: string,
  attempts: readonly AttemptSummary[],
  spent: Spend,
): Error {
  // Nothing is served only by these outcomes: see `finish` in the state machine.
  const code = outcome as ErrorCode;
  const details: CascadeErrorDetails = {
    code,
    message,
    queryId: plan.queryId,
    task: plan.task,
    attempts,
    ...spendToJson(spent),
  };
  if (outcome === 'cancelled' && CancellationScope.current().consideredCancelled) {
    return new CancelledFailure(message, [details]);
  }
  return ApplicationFailure.create({
    type: failureType(code),
    message,
    nonRetryable: true,
    details: [details],
  });
}
