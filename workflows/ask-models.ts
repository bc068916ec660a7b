import { ActivityFailure, ApplicationFailure, sleep, TimeoutFailure } from '@temporalio/workflow';
import type { ActivityFunctionWithOptions, LocalActivityFunctionWithOptions } from '@temporalio/workflow';
import type { CallFailure } from '../activities/types.ts';
import type { Plan } from '../core/policy.ts';
import { scheduleToClose, startToClose } from './activities.ts';

type Activity<Input, Result> = (input: Input) => Promise<Result>;

/** An activity that asks models, in both forms. */
export interface Asking<Input, Result> {
  readonly durable: ActivityFunctionWithOptions<Activity<Input, Result>>;
  readonly inline: LocalActivityFunctionWithOptions<Activity<Input, Result>>;
}

interface Asked<Input> {
  readonly summary: string;
  /** The longest that one of its requests may take. */
  readonly timeoutMs: number;
  readonly input: Input & { readonly deadlineAt: number | null };
}

/** Where a vendor says nothing, as long as Temporal waits before an activity's second attempt. */
const FIRST_INTERVAL_MS = 1_000;

/**
 * Runs an activity that asks models as the plan says. Inline it is a local activity, once: whatever could be tried again is
 * tried again as an ordinary activity, which Temporal waits and retries for without a worker's help.
 */
export function askModels<Input, Result>(
  plan: Plan,
  { durable, inline }: Asking<Input, Result>,
  { summary, timeoutMs, input }: Asked<Input>,
): Promise<Result> {
  const options = () => ({
    summary,
    startToCloseTimeout: startToClose(timeoutMs),
    ...scheduleToClose(timeLeft(input)),
  });
  if (plan.execution !== 'inline') return durable.executeWithOptions(options(), [input]);
  return inline.executeWithOptions(options(), [input]).catch(async (error: unknown) => {
    const delayMs = retryDelay(error);
    if (delayMs === null || delayMs >= (timeLeft(input) ?? Infinity)) throw error;
    await sleep(delayMs);
    return durable.executeWithOptions(options(), [input]);
  });
}

/** Milliseconds to wait before a failed local activity is tried again; null where it is not to be. */
function retryDelay(error: unknown): number | null {
  // A local activity's own failure comes as it is, without the wrapping of an ordinary one's.
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof TimeoutFailure) return FIRST_INTERVAL_MS;
  if (!(cause instanceof ApplicationFailure) || cause.nonRetryable === true) return null;
  const details = cause.details?.[0] as Partial<CallFailure> | undefined;
  return details?.retryAfterMs ?? FIRST_INTERVAL_MS;
}

function timeLeft({ deadlineAt }: { deadlineAt: number | null }): number | null {
  return deadlineAt === null ? null : Math.max(1, deadlineAt - Date.now());
}
