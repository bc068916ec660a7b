import { heldTo, type CascadeState, type Finish } from './cascade.ts';
import type { CascadePlan } from './cascade-plan.ts';
import type { ClimbLog } from './climb-log.ts';
import type { PlanRef } from './policy.ts';
import { refTo } from './stage-work.ts';
import { verdicts } from './verdict.ts';

/** What the ledger is told at the end of a query. @param failureMessage why there is no answer; null where there is one. */
export function endInput(
  plan: PlanRef & CascadePlan,
  state: CascadeState,
  { outcome, served }: Finish,
  { stages }: Pick<ClimbLog, 'stages'>,
  failureMessage: string | null,
) {
  const judged = verdicts(state, served);
  return {
    query: refTo(plan),
    outcome,
    served,
    servedModel: served === null ? null : (plan.stages[served.stage]?.model ?? null),
    failureMessage,
    judgements: state.responses.map(({ attemptId, stage }) => ({
      attemptId,
      verdict: judged.get(attemptId) ?? null,
      confidence: stages.get(stage)?.confidence ?? null,
      threshold: heldTo(plan, state, stage),
    })),
  };
}
