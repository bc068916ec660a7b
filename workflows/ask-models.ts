import { sleep } from '@temporalio/workflow';
import type { ActivityFunctionWithOptions, LocalActivityFunctionWithOptions } from '@temporalio/workflow';
import type { Plan } from '../core/policy.ts';
import { heartbeatTimeout, startToClose } from '../core/stage-work.ts';
import { retryDelay } from '../core/work-failure.ts';
import { scheduleToClose } from './activities.ts';
import { failureOf } from './work-failure.ts';

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
  /** Milliseconds to wait before a try after one that has failed already; null where none has. */
  readonly retryInMs: number | null;
}

/**
 * Runs an activity that asks models as the plan says. Inline it is a local activity, once: whatever could be tried again is
 * tried again as an ordinary activity, which Temporal waits and retries for without a worker's help.
 */
export function askModels<Input, Result>(
  plan: Plan,
  { durable, inline }: Asking<Input, Result>,
  { summary, timeoutMs, input, retryInMs }: Asked<Input>,
): Promise<Result> {
  const options = () => ({
    summary,
    startToCloseTimeout: startToClose(timeoutMs),
    ...scheduleToClose(timeLeft(input)),
  });
  const asActivity = () =>
    durable.executeWithOptions({ ...options(), heartbeatTimeout: heartbeatTimeout(timeoutMs) }, [input]);
  const again = async (delayMs: number): Promise<Result> => {
    await sleep(delayMs);
    return asActivity();
  };
  if (retryInMs !== null) return again(retryInMs);
  if (plan.execution !== 'inline') return asActivity();
  return inline.executeWithOptions(options(), [input]).catch((error: unknown) => {
    const delayMs = retryDelay(failureOf(error));
    if (delayMs === null || delayMs >= (timeLeft(input) ?? Infinity)) throw error;
    return again(delayMs);
  });
}

function timeLeft({ deadlineAt }: { deadlineAt: number | null }): number | null {
  return deadlineAt === null ? null : Math.max(1, deadlineAt - Date.now());
}
