import type { AttemptSummary } from '../core/result.ts';
import { spendToJson } from '../core/spend.ts';
import type { Intent } from '../ledger/attempts.ts';
import type { Close } from '../ledger/close-attempt.ts';

/** An attempt that has just been closed, as the ledger would tell it. @param number which try of its call it was, from 1. */
export function attemptSummary(intent: Intent, close: Close, number: number): AttemptSummary {
  return {
    attemptId: close.attemptId,
    purpose: intent.purpose,
    stage: intent.stage,
    try: number,
    provider: intent.provider,
    model: intent.model,
    status: close.status,
    failure: close.failureKind,
    inputTokens: close.usage?.inputTokens ?? null,
    outputTokens: close.usage?.outputTokens ?? null,
    latencyMs: Math.round(close.latencyMs),
    confidence: null,
    threshold: null,
    verdict: null,
    ...spendToJson(close.cost),
  };
}
