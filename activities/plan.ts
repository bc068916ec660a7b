import { activityInfo } from '@temporalio/activity';
import { extractAnswer } from '../core/answer.ts';
import { formatUsd, parseUsd, type DecimalUsd } from '../core/money.ts';
import { outputTokenBound } from '../core/output-bound.ts';
import type { JsonObject, Limits, Plan, Policy, PolicyModel, PolicyOrigin } from '../core/policy.ts';
import { messageText } from '../core/message.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { parseRequest, type CascadeRequest } from '../core/request.ts';
import { pinnedRule } from '../core/stop-rule.ts';
import { spendFromJson, spendToJson, sumSpend } from '../core/spend.ts';
import type { KeptResponse } from '../ledger/close-attempt.ts';
import { isRefusedValue } from '../ledger/patience.ts';
import type { QueryRow } from '../ledger/queries.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { ScorerProblem } from '../scorers/scorer-problem.ts';
import { cannotPlan } from './failures.ts';
import { pinModel } from './pin-model.ts';
import type { Ports } from './ports.ts';
import type { Planned } from './types.ts';

/**
 * Pins everything that a query will be decided by: the task's current policy, the prices known now, the worst case of
 * each stage. Everything that can be wrong is found here, before anything is spent.
 */
export async function plan(ports: Ports, input: CascadeRequest): Promise<Planned> {
  const parsed = parseRequest(input);
  if ('problems' in parsed) {
    throw cannotPlan('bad-request', `the request is not one: ${parsed.problems.join('; ')}`, {
      queryId: null,
      task: null,
    });
  }
  const { request } = parsed;
  const info = activityInfo();
  const execution = info.workflowExecution;
  if (execution === undefined) throw new Error('a cascade is planned from its workflow');
  const run = { namespace: info.namespace, ...execution };
  const started = await ports.ledger.startQuery(run, request).catch((error: unknown) => {
    if (!isRefusedValue(error)) throw error;
    const message = `the ledger cannot keep the task, the tenant or the tags (${error.message}): leave out NUL and broken Unicode`;
    throw cannotPlan('bad-request', message, { queryId: null, task: null });
  });
  switch (started.type) {
    case 'unknown-task':
      throw cannotPlan('unknown-task', unknownTask(request.task, started.tasks), {
        queryId: null,
        task: request.task,
      });
    case 'stopped':
      throw cannotPlan(
        'failed',
        `task ${request.task} takes no new queries: an alarm has stopped it (${started.reason}); see "escalier quality --task ${request.task}", then promote or apply another policy, or let it go on with "escalier rollback --task ${request.task} --to VERSION"`,
        { queryId: null, task: request.task },
      );
    case 'conflict':
      throw cannotPlan(
        'key-conflict',
        `the idempotency key "${run.workflowId}" was used for another request: send the same request again, or choose another key`,
        { queryId: started.query.queryId, task: request.task },
      );
    case 'finished':
      return { type: 'finished', answer: await recordedAnswer(ports, started.query, started.policy) };
    case 'started':
      break;
  }
  const { policy } = started;
  const problem = providerProblem(ports, policy) ?? (await scorerProblem(ports, policy));
  if (problem !== null) await refuse(ports, policy, started.query, run.runId, problem);
  const planned = buildPlan(ports, started.query, started.version, policy, request, new Date());
  for (const model of [...planned.stages, ...planned.scorer.models]) {
    await ports.ledger.keepPrices(model, model.prices);
  }
  return { type: 'planned', plan: planned };
}

function unknownTask(task: string, known: readonly string[]): string {
  const there = known.length === 0 ? 'no task has been applied yet' : `there are: ${known.join(', ')}`;
  return `there is no task "${task}" (${there}): add it to escalier.yaml and run "escalier apply"`;
}

/** What keeps a model of the policy from being asked, or null. */
function providerProblem(ports: Ports, policy: Policy): string | null {
  for (const model of [...policy.chain, ...policy.scorer.models]) {
    const connected = ports.provider(model.provider);
    const problem =
      connected === undefined
        ? `the worker knows no provider "${model.provider}", which ${model.model} needs: add it under providers in the worker's escalier.yaml and restart the worker`
        : connected.problem;
    if (problem !== null) return problem;
  }
  return null;
}

/** What keeps the policy's scorer from scoring, or null. Each stage would be bought and none accepted. */
async function scorerProblem(ports: Ports, policy: Policy): Promise<string | null> {
  try {
    await ports.scorer(policy.scorer);
    return null;
  } catch (error) {
    if (error instanceof ScorerProblem) return error.message;
    throw error;
  }
}

/** A query that this worker cannot serve ends in the ledger as it ends for its caller, and may be asked again later. */
async function refuse(
  ports: Ports,
  policy: Policy,
  query: QueryRef,
  runId: string,
  problem: string,
): Promise<never> {
  await ports.ledger.endQuery({
    ...query,
    runId,
    outcome: 'failed',
    served: null,
    servedModel: null,
    failureMessage: problem,
    retention: policy.retention,
    judgements: [],
  });
  const attempts = await ports.ledger.attemptsOf(query);
  throw cannotPlan('failed', problem, { queryId: query.queryId, task: policy.task, attempts });
}

/** Pure but for its ports' look-ups: the same policy, request, price book and time give the same plan. */
function buildPlan(
  ports: Pick<Ports, 'provider' | 'inputTokenBound'>,
  query: QueryRef,
  policyVersion: number,
  policy: Policy,
  request: CascadeRequest,
  now: Date,
): Plan {
  const messages = request.messages;
  const parameters = request.parameters ?? {};
  const stages = policy.chain.map((model) =>
    pinModel(
      ports,
      model,
      parameters,
      ports.inputTokenBound(messages, { ...parameters, ...model.parameters }),
      now,
    ),
  );
  const models = policy.scorer.models.map((model) =>
    pinModel(ports, model, parameters, judgeInputBound(ports, messages, parameters, policy.chain), now),
  );
  return {
    formatVersion: 1,
    queryId: query.queryId,
    startedAt: query.startedAt,
    task: policy.task,
    policyVersion,
    stages,
    thresholds: policy.thresholds,
    scorer: { ...policy.scorer, models, worstCaseUsd: totalOf(models.map((model) => model.worstCaseUsd)) },
    answer: policy.answer,
    limits: lowerOf(policy.limits, request),
    retention: policy.retention,
    ...(policy.execution === undefined || !canBeInline(policy) ? {} : { execution: policy.execution }),
    ...(policy.review === undefined ? {} : { review: policy.review }),
    ...(policy.learned === undefined ? {} : pinOrigin(policy.learned)),
  };
}

/**
 * A query that is climbed where it is planned, and ended there, is found ended when its workflow's task is lost behind that: its
 * answer has to be in the ledger then.
 */
function canBeInline({ retention }: Policy): boolean {
  return retention === 'full';
}

function pinOrigin({
  rule,
  modelAccuracy,
  certificate,
}: PolicyOrigin): Pick<Plan, 'stopRule' | 'modelAccuracy' | 'certificate'> {
  return { ...pinnedRule(rule), modelAccuracy, ...(certificate === null ? {} : { certificate }) };
}

/**
 * What a judge reads at most: the question, a response, and its instructions. It sizes the check before a stage is called;
 * what holds the limit is the check of the judge's actual messages when its attempt is opened.
 */
function judgeInputBound(
  ports: Pick<Ports, 'inputTokenBound'>,
  messages: readonly JsonObject[],
  parameters: JsonObject,
  chain: readonly PolicyModel[],
): number | null {
  const question = ports.inputTokenBound(messages, {});
  const outputs = chain.map((model) => outputTokenBound(model, { ...parameters, ...model.parameters }));
  if (question === null || outputs.includes(null)) return null;
  const BYTES_PER_TOKEN = 4;
  const INSTRUCTIONS = 2_000;
  return question + Math.max(...(outputs as number[])) * BYTES_PER_TOKEN + INSTRUCTIONS;
}

function totalOf(amounts: readonly (DecimalUsd | null)[]): DecimalUsd | null {
  let total = 0n;
  for (const amount of amounts) {
    if (amount === null) return null;
    total += parseUsd(amount);
  }
  return formatUsd(total);
}

/** A caller may tighten the task's limits, never loosen them. */
function lowerOf(limits: Limits, request: CascadeRequest): Limits {
  const costs = [limits.maxCostUsd, request.maxCostUsd ?? null].filter((cost) => cost !== null);
  const deadlines = [limits.deadlineMs, request.deadlineMs ?? null].filter((deadline) => deadline !== null);
  return {
    maxCostUsd: costs.length === 0 ? null : costs.reduce((a, b) => (parseUsd(a) <= parseUsd(b) ? a : b)),
    deadlineMs: deadlines.length === 0 ? null : Math.min(...deadlines),
    ...(limits.atBudget === undefined ? {} : { atBudget: limits.atBudget }),
  };
}

/** The answer of a query that has ended, from the ledger. */
async function recordedAnswer(ports: Ports, query: QueryRow, policy: Policy): Promise<CascadeAnswer> {
  const attempts = await ports.ledger.attemptsOf(query);
  const served = attempts.find((attempt) => attempt.attemptId === query.servedAttemptId);
  const texts = served && (await ports.ledger.textsOf(query, [served.attemptId]));
  const kept = served && texts?.get(served.attemptId);
  if (served === undefined || kept === undefined) {
    throw cannotPlan(
      'answer-not-retained',
      `query ${query.queryId} has been answered, but the task retains no text ("retention: ${query.retention}"): use another idempotency key to ask again`,
      { queryId: query.queryId, task: query.task, attempts },
    );
  }
  const { message, finishReason } = kept as unknown as KeptResponse;
  const text = messageText(message);
  return {
    queryId: query.queryId,
    startedAt: query.startedAt,
    task: query.task,
    policyVersion: query.policyVersion,
    outcome: query.outcome ?? 'last-stage',
    accepted: query.accepted ?? false,
    text,
    message,
    finishReason,
    model: served.model,
    stage: served.stage,
    answer: extractAnswer(text, policy.answer, served.stage),
    confidence: query.confidence,
    threshold: query.threshold ?? 1,
    attempts,
    ...spendToJson(sumSpend(attempts.map(spendFromJson))),
  };
}
