import { activityInfo, ApplicationFailure } from '@temporalio/activity';
import { agrees } from '../core/audit.ts';
import type { JsonObject } from '../core/policy.ts';
import { auditWorkflowId } from '../core/temporal-names.ts';
import type { AuditSubject } from '../ledger/audits.ts';
import type { UsableResponse } from '../ledger/responses.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { eachByItself } from './each-by-itself.ts';
import { pinModel } from './pin-model.ts';
import type { Ports, WorkflowStates } from './ports.ts';
import { runCall } from './run-call.ts';
import type { AuditActivities, AuditOutcome, AuditPlan, AuditSummary, CallInput } from './types.ts';

/** Started by one sweep, each as a child of it: more would fill its history, and the next sweep is a minute away. */
const AUDITS_A_SWEEP = 500;
/** Audits that began less than this ago are not looked at: their workflow is under way. */
const YOUNGEST_SECONDS = 60;
const LOOKED_AT = 200;
const AT_ONCE = 8;

/** What audits do to the world. @param heartbeating as a query's own calls are made. */
export function createAuditActivities(
  ports: Ports,
  temporal: WorkflowStates,
  heartbeating: <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>,
): AuditActivities {
  return {
    dueAudits: () => ports.ledger.dueAudits(activityInfo().namespace, AUDITS_A_SWEEP),
    endLostAudits: () => endLostAudits(ports, temporal),
    planAudit: (query) => planAudit(ports, query),
    auditCall: (input) => heartbeating((signal) => auditCall(ports, input, signal)),
    endAudit: (outcome) => endAudit(ports, outcome),
  };
}

async function endLostAudits(ports: Ports, temporal: WorkflowStates): Promise<number> {
  const { namespace } = activityInfo();
  const running = await ports.ledger.runningAudits(namespace, YOUNGEST_SECONDS, LOOKED_AT);
  return eachByItself(running, AT_ONCE, async (query) => {
    const state = await temporal.workflowState(auditWorkflowId(query.queryId));
    if (state?.status === 'running') return false;
    const how = state === null ? 'is gone from Temporal' : `ended in Temporal as ${state.status}`;
    await endAudit(ports, { query, problems: [`its workflow ${how}`] });
    return true;
  });
}

async function planAudit(ports: Ports, query: QueryRef): Promise<AuditPlan | null> {
  const subject = await ports.ledger.beginAudit(query);
  if (subject === null) return null;
  const { policy, policyVersion, retention } = subject;
  const { messages, parameters } = await requestOf(ports, query);
  const answered = new Set((await responsesOf(ports, subject)).map(({ stage }) => stage));
  const stages = policy.chain
    .map((model, stage) => ({ model, stage }))
    .filter(({ stage }) => !answered.has(stage))
    .map(({ model, stage }) => {
      const bound = ports.inputTokenBound(messages, { ...parameters, ...model.parameters });
      return { stage, model: pinModel(ports, model, parameters, bound, new Date()) };
    });
  for (const { model } of stages) await ports.ledger.keepPrices(model, model.prices);
  return {
    query: {
      ...query,
      task: policy.task,
      policyVersion,
      retention,
      answer: policy.answer,
      // The query's own limits are about serving it.
      limits: { maxCostUsd: null, deadlineMs: null },
    },
    stages,
  };
}

async function auditCall(ports: Ports, input: CallInput, signal: AbortSignal): Promise<void> {
  const request = await requestOf(ports, input.query);
  await runCall(ports, { ...input, ...request, purpose: 'audit', ordinal: 0 }, signal);
}

/** Compares what the stages said with what the last one did. Of an audit that has ended meanwhile nothing changes. */
async function endAudit(ports: Ports, { query, problems }: AuditOutcome): Promise<AuditSummary> {
  const { queryId } = query;
  const subject = await ports.ledger.beginAudit(query);
  if (subject === null) return { queryId, servedAgrees: null, message: 'it had ended before' };
  const { policy, retention, servedAttemptId } = subject;
  const responses = await responsesOf(ports, subject);
  const baseline = responses.find(({ stage }) => stage === policy.chain.length - 1);
  const agreements = responses.map(({ attemptId, answer }) => ({
    attemptId,
    agrees: agrees(answer ?? null, baseline?.answer ?? null, policy.answer),
  }));
  const servedAgrees = agreements.find(({ attemptId }) => attemptId === servedAttemptId)?.agrees ?? null;
  const reasons =
    servedAgrees !== null
      ? problems
      : [
          ...(policy.answer.from === 'open' ? ['open-ended answers cannot be compared'] : []),
          ...(baseline?.answer === null ? ["no answer was found in the last stage's response"] : []),
          ...problems,
        ];
  const message = reasons.length === 0 ? null : reasons.join('; ');
  await ports.ledger.endAudit({
    ...query,
    retention,
    baselineAttemptId: baseline?.attemptId ?? null,
    servedAgrees,
    agreements,
    message,
  });
  return { queryId, servedAgrees, message };
}

async function requestOf(
  ports: Ports,
  query: QueryRef,
): Promise<{ readonly messages: readonly JsonObject[]; readonly parameters: JsonObject }> {
  const request = (await ports.ledger.textsOf(query, ['request'])).get('request');
  if (request === undefined) {
    throw ApplicationFailure.nonRetryable(
      `the prompt of query ${query.queryId} is gone: its audit has ended`,
      'escalier.audit-ended',
    );
  }
  return request as unknown as { messages: readonly JsonObject[]; parameters: JsonObject };
}

/** The usable response of each stage, the served one before another of its stage. */
async function responsesOf(ports: Ports, subject: AuditSubject): Promise<UsableResponse[]> {
  const byStage = new Map<number, UsableResponse>();
  for (const response of await ports.ledger.responsesOf(subject, subject.policy.answer)) {
    const served = response.attemptId === subject.servedAttemptId;
    if (served || !byStage.has(response.stage)) byStage.set(response.stage, response);
  }
  return [...byStage.values()];
}
