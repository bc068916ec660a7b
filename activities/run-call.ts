import { Context } from '@temporalio/activity';
import { formatUsd, type DecimalUsd } from '../core/money.ts';
import { outputTokenBound } from '../core/output-bound.ts';
import { LARGEST_PAYLOAD_BYTES } from '../core/payload-size.ts';
import type { JsonObject, PlannedModel, PlanRef, Purpose } from '../core/policy.ts';
import { worstCase, type Price } from '../core/price.ts';
import type { AttemptSummary } from '../core/result.ts';
import { priceForTier, rowsThatCanApply, serviceTierOf } from '../core/service-tier.ts';
import type { Intent } from '../ledger/attempts.ts';
import type { Close, KeptResponse } from '../ledger/close-attempt.ts';
import { isRefusedValue, withPatience } from '../ledger/patience.ts';
import type { ModelOutcome, ModelResponse, Provider } from '../providers/provider.ts';
import { attemptSummary } from './attempt-summary.ts';
import { costOfRequest } from './cost.ts';
import { callFailed, cancelHeard, denied, queryLost, stopped } from './failures.ts';
import type { Ports } from './ports.ts';

export interface CallToMake {
  readonly query: PlanRef;
  readonly purpose: Purpose;
  readonly stage: number;
  readonly ordinal: number;
  readonly model: PlannedModel;
  readonly messages: readonly JsonObject[];
  /** The caller's parameters; the policy's own win over them. */
  readonly parameters: JsonObject;
  /** Epoch milliseconds; null for no deadline. */
  readonly deadlineAt: number | null;
}

export interface CallMade {
  readonly attemptId: string;
  readonly response: KeptResponse;
  /** Every attempt of the call. */
  readonly attempts: readonly AttemptSummary[];
}

/** After the request's own timeout: what its process needs to abort the socket and to close the row. */
const GRACE_MS = 15_000;

/**
 * One attempt of a call: the intent is committed, the request leaves, the row is closed with what is known. A call that
 * has succeeded before is found, and not bought again.
 * @throws {ApplicationFailure} `provider.<kind>`, retryable as the kind and the stage's limit say, or `escalier.denied`.
 * @param signal aborts the request.
 * @throws {CancelledFailure} when the query is cancelled; the row is closed by then.
 */
export async function runCall(ports: Ports, call: CallToMake, signal: AbortSignal): Promise<CallMade> {
  const { query, model } = call;
  /** Every attempt of the query with this purpose at this stage. */
  const attempts = async (): Promise<AttemptSummary[]> =>
    (await ports.ledger.attemptsOf(query, call.purpose === 'audit' ? 'audit' : 'serving')).filter(
      (attempt) => attempt.purpose === call.purpose && attempt.stage === call.stage,
    );
  const timeLeftMs = call.deadlineAt === null ? Infinity : call.deadlineAt - Date.now();
  if (timeLeftMs <= 0) {
    throw callFailed('timeout', 'the deadline passed before the request could be made', await attempts());
  }
  const provider = connect(ports, model.provider);
  if (typeof provider === 'string') throw callFailed('unknown-provider', provider, await attempts());

  const askedAt = new Date();
  const intent = intentOf(ports, call, Math.min(model.timeoutMs, timeLeftMs), askedAt);
  const opened = await ports.ledger.openAttempt(intent).catch(async (error: unknown) => {
    if (!isRefusedValue(error)) throw error;
    throw callFailed(
      'bad-request',
      `the ledger does not take the request: ${error.message}`,
      await attempts(),
    );
  });
  if (opened.type === 'lost') throw queryLost(query);
  if (opened.type === 'cancelled') throw cancelHeard();
  if (opened.type === 'denied') throw denied(intent, opened, await attempts());
  if (opened.type === 'failed') throw callFailed(opened.kind, opened.message, await attempts());
  if (opened.type === 'found') {
    const response = await keptResponse(ports, query, opened.attemptId);
    return { attemptId: opened.attemptId, response, attempts: await attempts() };
  }

  const { attemptId } = opened;
  const answered = await provider.request(
    {
      modelId: model.modelId,
      messages: call.messages,
      parameters: effectiveParameters(call),
      stream: model.stream,
      ...(call.purpose === 'embed' ? { endpoint: 'embeddings' as const } : {}),
      timeoutMs: intent.expiresInMs - GRACE_MS,
      attemptId,
    },
    signal,
  );
  const outcome = deliverable(answered);
  const close = closeOf(ports, call, intent, attemptId, askedAt, outcome);
  // The response is money spent: it is worth waiting for a ledger that is away for a moment.
  await withPatience(() => ports.ledger.closeAttempt(close));
  // A first try needs no look at the ledger to know all that there is of its call.
  const bought = async (): Promise<readonly AttemptSummary[]> =>
    opened.number === 1 ? [attemptSummary(intent, close, 1)] : attempts();

  // Where the deadline ended the request there is no time for another: waiting to find that out would overshoot it.
  const cutByDeadline =
    timeLeftMs <= model.timeoutMs && outcome.type === 'failed' && outcome.kind === 'timeout';
  switch (outcome.type) {
    case 'answered':
      return { attemptId, response: kept(outcome.response), attempts: await bought() };
    case 'cancelled':
      throw stopped(signal);
    case 'failed':
      throw callFailed(outcome.kind, outcome.message, await bought(), {
        again:
          opened.failedBefore + 1 < model.maxAttempts && !cutByDeadline && isWorthWaiting(outcome, model),
        retryAfterMs: outcome.retryAfterMs,
      });
  }
}

/** What a provider that asks to wait is waited for, though a request may take less. */
const SHORT_WAIT_MS = 60_000;

/** A quota that is used up for hours is no reason to wait for hours: the next stage may answer at once. */
function isWorthWaiting(
  { retryAfterMs }: { readonly retryAfterMs: number | null },
  model: PlannedModel,
): boolean {
  return (retryAfterMs ?? 0) <= Math.max(SHORT_WAIT_MS, model.timeoutMs);
}

/** A response that Temporal could not carry is paid for, and no answer. */
function deliverable(outcome: ModelOutcome): ModelOutcome {
  if (outcome.type !== 'answered') return outcome;
  const { response, ...facts } = outcome;
  const bytes = Buffer.byteLength(JSON.stringify(kept(response)));
  if (bytes <= LARGEST_PAYLOAD_BYTES) return outcome;
  const message = `the response has ${bytes} bytes, over the limit of ${LARGEST_PAYLOAD_BYTES}: ask for less, or for files by URL`;
  return { ...facts, type: 'failed', kind: 'unknown-response', message, retryAfterMs: null, response };
}

function connect(ports: Ports, name: string): Provider | string {
  const connected = ports.provider(name);
  if (connected === undefined) return `this worker knows no provider "${name}": add it to its escalier.yaml`;
  return connected.problem ?? connected.provider;
}

function effectiveParameters(call: CallToMake): JsonObject {
  return { ...call.parameters, ...call.model.parameters };
}

function intentOf(ports: Ports, call: CallToMake, timeoutMs: number, askedAt: Date): Intent {
  const { query, model } = call;
  const serviceTier = serviceTierOf(null, effectiveParameters(call)['service_tier']);
  const info = Context.current().info;
  return {
    queryId: query.queryId,
    startedAt: query.startedAt,
    purpose: call.purpose,
    stage: call.stage,
    ordinal: call.ordinal,
    task: query.task,
    policyVersion: query.policyVersion,
    provider: model.provider,
    model: model.model,
    modelId: model.modelId,
    priceId: priceForTier(model.prices ?? [], askedAt, serviceTier)?.price.id ?? null,
    serviceTier,
    worstCaseUsd: worstCaseOf(ports, call, askedAt),
    maxCostUsd: query.limits.maxCostUsd,
    sparesFirstStages: query.limits.atBudget === 'cheapest' && call.stage > 0,
    maxAttempts: model.maxAttempts,
    expiresInMs: timeoutMs + GRACE_MS,
    workflowId: info.workflowExecution?.workflowId ?? '',
    runId: info.workflowExecution?.runId ?? '',
    activityAttempt: info.attempt,
    worker: ports.worker,
  };
}

/** The most that these very messages can cost. For a stage it is what the plan says; a judge's messages are known only now. */
function worstCaseOf(ports: Ports, call: CallToMake, askedAt: Date): DecimalUsd | null {
  if (call.purpose === 'serve') return call.model.worstCaseUsd;
  const parameters = effectiveParameters(call);
  const input = ports.inputTokenBound(call.messages, parameters);
  const prices = rowsThatCanApply(call.model.prices ?? [], askedAt, parameters['service_tier']);
  const worst = worstCase(prices, input, outputTokenBound(call.model, parameters));
  return worst === null ? null : formatUsd(worst);
}

function closeOf(
  ports: Ports,
  call: CallToMake,
  intent: Intent,
  attemptId: string,
  askedAt: Date,
  outcome: ModelOutcome,
): Close {
  const parameters = effectiveParameters(call);
  const serviceTier = serviceTierOf(outcome.serviceTier, parameters['service_tier']);
  const { cost, source, priceId } = costOfRequest(outcome, {
    messages: call.messages,
    parameters,
    prices: call.model.prices,
    at: askedAt,
    serviceTier,
    worst: intent.worstCaseUsd,
    servedPrices: servedPrices(ports, call.model, outcome.reportedModel),
  });
  const response = outcome.type === 'answered' ? outcome.response : null;
  return {
    queryId: intent.queryId,
    startedAt: intent.startedAt,
    attemptId,
    status: outcome.type === 'answered' ? 'succeeded' : outcome.type,
    failureKind: outcome.type === 'failed' ? outcome.kind : null,
    failureMessage: outcome.type === 'failed' ? outcome.message : null,
    httpStatus: outcome.httpStatus,
    usage: outcome.usage,
    cost,
    costSource: source,
    priceId,
    serviceTier,
    reportedModel: outcome.reportedModel,
    responseId: outcome.responseId,
    requestId: outcome.requestId,
    latencyMs: outcome.latencyMs,
    timeToFirstTokenMs: outcome.timeToFirstTokenMs,
    response: response && { text: response.text, kept: kept(response) },
    retention: call.query.retention,
  };
}

/** A price of the settings is for whatever the provider serves under the id; the catalogue's is for that model alone. */
function servedPrices(ports: Ports, model: PlannedModel, reported: string | null): readonly Price[] | null {
  if (model.price !== null || reported === null || reported === model.modelId) return null;
  return ports.provider(model.provider)?.catalogue(reported) ?? null;
}

function kept({ message, finishReason, logprobs }: ModelResponse): KeptResponse {
  return { message, finishReason, logprobs };
}

async function keptResponse(ports: Ports, query: PlanRef, attemptId: string): Promise<KeptResponse> {
  const text = (await ports.ledger.textsOf(query, [attemptId])).get(attemptId);
  if (text === undefined) {
    throw callFailed(
      'unknown-response',
      `attempt ${attemptId} was paid for, but its text is gone: the query had ended, and its task retains "${query.retention}"`,
      [],
    );
  }
  return text as unknown as KeptResponse;
}
