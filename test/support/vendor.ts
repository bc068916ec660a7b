import { setTimeout as sleep } from 'node:timers/promises';
import { NO_USAGE } from '../../core/usage.ts';
import type { ModelOutcome, ModelRequest, RequestFacts } from '../../providers/provider.ts';

/** What a fake vendor does with a request. It is given the request and its number for that model in this test, from 1. */
export type Vendor = (
  request: ModelRequest,
  nth: number,
  signal: AbortSignal,
) => ModelOutcome | Promise<ModelOutcome>;

/** What each model does with its first request, its second and so on; the last entry holds for all that follow. */
export type Script = Readonly<Record<string, readonly (Vendor | ModelOutcome)[]>>;

/** A vendor that follows a script for each model. A model without one must not be asked. */
export function scripted(script: Script): Vendor {
  return (request, nth, signal) => {
    const lines = script[request.modelId] ?? [];
    const line = lines[Math.min(nth, lines.length) - 1];
    if (line === undefined) throw new Error(`the script says nothing of ${request.modelId}`);
    return typeof line === 'function' ? line(request, nth, signal) : line;
  };
}

const FACTS: RequestFacts = {
  usage: null,
  usageIsPartial: false,
  taken: null,
  reportedCostUsd: null,
  responseId: null,
  requestId: null,
  reportedModel: null,
  serviceTier: null,
  httpStatus: 200,
  latencyMs: 1,
  timeToFirstTokenMs: null,
  billed: 'maybe',
};

/** A response of 100 input and 10 output tokens. */
export function answered(text: string): ModelOutcome {
  return {
    ...FACTS,
    type: 'answered',
    usage: { ...NO_USAGE, inputTokens: 100, outputTokens: 10 },
    response: { text, message: { role: 'assistant', content: text }, finishReason: 'stop', logprobs: null },
  };
}

type Failed = Extract<ModelOutcome, { type: 'failed' }>;

const CANCELLED: ModelOutcome = { ...FACTS, type: 'cancelled', httpStatus: null };

/** A failure; one that is retried asks to wait a millisecond, so that tests do not wait for Temporal's first interval. */
export function failed(
  kind: Failed['kind'],
  options: Partial<Pick<Failed, 'retryAfterMs' | 'billed' | 'usage' | 'message' | 'requestId'>> = {},
): ModelOutcome {
  return {
    ...FACTS,
    type: 'failed',
    kind,
    message: `the vendor said ${kind}`,
    retryAfterMs: 1,
    response: null,
    billed: 'no',
    ...options,
  };
}

const TIMED_OUT = failed('timeout', { retryAfterMs: null, billed: 'maybe' });

/** A request that hangs until it is aborted, or until its own timeout, as a real provider's does. */
export function hanging(): Vendor {
  return held().vendor;
}

/** A request that hangs, as {@link hanging}, until the test lets it go with an outcome. */
export function held(): { readonly vendor: Vendor; readonly release: (outcome: ModelOutcome) => void } {
  let release: (outcome: ModelOutcome) => void = () => undefined;
  const released = new Promise<ModelOutcome>((resolve) => {
    release = resolve;
  });
  const vendor: Vendor = async (request, _nth, signal) => {
    const timer = new AbortController();
    const timeout = sleep(request.timeoutMs, TIMED_OUT, { signal: AbortSignal.any([signal, timer.signal]) });
    const outcome = await Promise.race([released, timeout.catch(() => CANCELLED)]);
    timer.abort();
    return outcome;
  };
  return { vendor, release };
}
