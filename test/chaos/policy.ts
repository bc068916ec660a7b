import { demoPolicy, REPLAY } from '../../cli/demo/policy.ts';
import type { Policy } from '../../core/policy.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import type { FaultPlanInput } from '../../replay/faults.ts';
import type { ProviderSettings } from '../../settings/providers.ts';

const CHAIN = ['small', 'medium', 'large'];

/** Far above the vendor's slowest answer, also on a busy machine; no fault here lasts until it. */
const REQUEST_TIMEOUT_MS = 10_000;

export function chaosPolicy(set: RecordedSet): Policy {
  const policy = demoPolicy(set, CHAIN);
  return { ...policy, chain: policy.chain.map((model) => ({ ...model, timeoutMs: REQUEST_TIMEOUT_MS })) };
}

/** The same task, whose calls run within the workflow's own task. */
export function inlineTask(task: string): string {
  return `${task}-inline`;
}

/** Milliseconds. Slow enough that a worker always dies with requests under way. */
export const VENDOR_LATENCY = { fixedMs: 100, jitterMs: 500 };

/** One request in twenty goes wrong. None lies about its usage: no ledger could know better than its vendor. */
export const VENDOR_FAULTS: FaultPlanInput = {
  rates: [
    { probability: 0.01, fault: { kind: 'rate-limit', retry_after_seconds: 0.2 } },
    { probability: 0.01, fault: { kind: 'server-error', billed: false } },
    { probability: 0.005, fault: { kind: 'server-error', billed: true } },
    { probability: 0.005, fault: { kind: 'error-with-usage' } },
    { probability: 0.01, fault: { kind: 'cut-connection', billed: true } },
    { probability: 0.005, fault: { kind: 'malformed-json' } },
    { probability: 0.005, fault: { kind: 'empty-content' } },
  ],
};

export function replayProvider(baseUrl: string): ProviderSettings {
  return {
    name: REPLAY,
    kind: 'openai-compatible',
    title: 'the replay provider',
    baseUrl,
    keyEnv: null,
    keyRequired: false,
    headers: {},
    query: {},
    priceProvider: null,
  };
}
