import type { Finish, Served } from './cascade.ts';
import type { CascadePlan } from './cascade-plan.ts';
import type { ClimbLog } from './climb-log.ts';
import { messageText } from './message.ts';
import type { PlanRef } from './policy.ts';
import type { AttemptSummary, CascadeAnswer } from './result.ts';
import { spendFromJson, spendToJson, sumSpend } from './spend.ts';

/** The answer of a query that ends so. @param attempts every one, as the ledger has them: what they cost is what it cost. */
export function cascadeAnswer(
  plan: PlanRef & Pick<CascadePlan, 'stages'>,
  { outcome }: Finish,
  served: Served,
  { stages }: Pick<ClimbLog, 'stages'>,
  attempts: readonly AttemptSummary[],
): CascadeAnswer {
  const record = stages.get(served.stage);
  const message = record?.message ?? {};
  return {
    queryId: plan.queryId,
    startedAt: plan.startedAt,
    task: plan.task,
    policyVersion: plan.policyVersion,
    outcome,
    accepted: outcome === 'accepted' || outcome === 'last-stage',
    text: messageText(message),
    message,
    finishReason: record?.finishReason ?? null,
    model: plan.stages[served.stage]?.model ?? '',
    stage: served.stage,
    answer: served.answer,
    confidence: served.confidence,
    threshold: served.threshold,
    ...paidFor(attempts),
  };
}

/** The same answer, once the ledger has said what its attempts are. */
export function withAttempts(answer: CascadeAnswer, attempts: readonly AttemptSummary[]): CascadeAnswer {
  return { ...answer, ...paidFor(attempts) };
}

function paidFor(attempts: readonly AttemptSummary[]) {
  return { attempts, ...spendToJson(sumSpend(attempts.map(spendFromJson))) };
}
