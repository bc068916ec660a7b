import { Context } from '@temporalio/activity';

/**
 * A cancel reaches an activity with its next heartbeat, and the server is asked no more often than the worker's
 * `maxHeartbeatThrottleInterval` allows: both are about this long, so that a cancel closes the socket within a second.
 */
export const HEARTBEAT_MS = 400;

/** Heartbeats a second of all activities of a process together, above which each of them sends fewer. */
const MOST_PER_SECOND = 100;

/**
 * Milliseconds between two heartbeats of an activity, where so many run. However many there are, it sends three in the time
 * after which its worker is taken for dead.
 */
export function heartbeatInterval(running: number, timeoutMs: number): number {
  return Math.min(timeoutMs / 3, Math.max(HEARTBEAT_MS, (1_000 * running) / MOST_PER_SECOND));
}

let running = 0;

/**
 * Does an activity's work, with heartbeats. Each costs the server a write of the workflow's state, 1.6 ms
 * of a core on the dev server: some hundred slow calls at the pace of a few would keep it from everything else.
 */
export async function heartbeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs ?? Infinity;
  const soon = (): NodeJS.Timeout => setTimeout(beat, heartbeatInterval(running, timeoutMs));
  const beat = (): void => {
    context.heartbeat();
    timer = soon();
  };
  running += 1;
  let timer = soon();
  try {
    return await work(context.cancellationSignal);
  } finally {
    running -= 1;
    clearTimeout(timer);
  }
}
