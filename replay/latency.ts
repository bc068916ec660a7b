import { setTimeout as sleep } from 'node:timers/promises';
import { drawUnit } from '../recorded/random.ts';
import type { RequestKey } from './faults.ts';

/** How long an answer takes; the parts add up, and each is 0 by default. */
export interface Latency {
  /** Milliseconds before the first byte. */
  readonly fixedMs?: number;
  /** As many milliseconds more at most, drawn evenly for each request. */
  readonly jitterMs?: number;
  /** Milliseconds for each output token: between the events of a stream, before the body of any other answer. */
  readonly msPerOutputToken?: number;
}

/** Of one request, in milliseconds. */
export interface Pace {
  readonly beforeMs: number;
  readonly perTokenMs: number;
}

export const AT_ONCE: Pace = { beforeMs: 0, perTokenMs: 0 };

/** Reproducible as faults are: by seed and key. */
export function drawPace(latency: Latency, seed: number, { model, query, nth }: RequestKey): Pace {
  const jitter = (latency.jitterMs ?? 0) * drawUnit(seed, 'latency', model, query, nth);
  return { beforeMs: (latency.fixedMs ?? 0) + jitter, perTokenMs: latency.msPerOutputToken ?? 0 };
}

/** Waits, or until the client has gone: false then. */
export async function waitUnlessGone(ms: number, gone: AbortSignal): Promise<boolean> {
  if (ms > 0 && !gone.aborted) {
    try {
      await sleep(ms, undefined, { signal: gone });
    } catch (error) {
      if ((error as Error).name !== 'AbortError') throw error;
    }
  }
  return !gone.aborted;
}
