import { activityInfo, Context } from '@temporalio/activity';
import { createAuditActivities } from './audit.ts';
import { call } from './call.ts';
import { CancelWatch } from './cancel-watch.ts';
import { climb } from './climb.ts';
import { end } from './end.ts';
import { label } from './label.ts';
import { plan } from './plan.ts';
import { createRelearnActivities } from './relearn.ts';
import { restore } from './restore.ts';
import { createReviewActivities } from './review.ts';
import type { Ports, WorkflowStates } from './ports.ts';
import { score, textsToScore } from './score.ts';
import { createSweepActivities } from './sweep.ts';
import { createWatchActivities } from './watch.ts';
import { within } from './within.ts';
import type {
  AuditActivities,
  CancelActivities,
  CancelTarget,
  CascadeActivities,
  FeedbackActivities,
  RelearnActivities,
  ReviewActivities,
  SweepActivities,
  WatchActivities,
} from './types.ts';

export type { ConnectedProvider, Ports, WorkflowState, WorkflowStates } from './ports.ts';

/**
 * A cancel reaches an activity with its next heartbeat, and the server is asked no more often than the worker's
 * `maxHeartbeatThrottleInterval` allows: both are about this long, so that a cancel closes the socket within a second.
 */
export const HEARTBEAT_MS = 400;

/** Planning is a few statements in Postgres: far below this, unless Postgres is away. */
const PLANNING_MS = 20_000;

/** What the workflows do to the world. */
export function createActivities(
  ports: Ports,
  temporal: WorkflowStates,
): CascadeActivities &
  CancelActivities &
  SweepActivities &
  AuditActivities &
  FeedbackActivities &
  ReviewActivities &
  WatchActivities &
  RelearnActivities {
  const watch = new CancelWatch(ports.ledger);
  return {
    plan: async (request, startedMs) => {
      const planned = await within(PLANNING_MS, () => plan(ports, request));
      if (planned.type === 'finished' || planned.plan.execution !== 'inline' || startedMs === undefined)
        return planned;
      const climbed = await watch.during((signal) => climb(ports, temporal, planned.plan, startedMs, signal));
      return { ...planned, climbed };
    },
    restore: (request, query) => restore(ports, request, query),
    call: (input) => hearing(watch, (signal) => call(ports, input, signal)),
    score: (input) =>
      hearing(watch, async (signal) => score(ports, input, await textsToScore(ports, input), signal)),
    end: (input) => end(ports, temporal, input),
    requestCancel: (target) => requestCancel(ports, target),
    label: (feedback) => label(ports, feedback),
    ...createSweepActivities(ports, temporal),
    ...createReviewActivities(ports),
    ...createWatchActivities(ports),
    ...createAuditActivities(ports, temporal, heartbeating),
    ...createRelearnActivities(ports, heartbeating),
  };
}

/** Does work that can be stopped: an ordinary activity hears of a cancel with its heartbeats, a local one in the ledger. */
function hearing<T>(watch: CancelWatch, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return Context.current().info.isLocal ? watch.during(work) : heartbeating(work);
}

async function heartbeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => {
    context.heartbeat();
  }, HEARTBEAT_MS);
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}

async function requestCancel({ ledger }: Ports, target: CancelTarget): Promise<'requested' | 'over'> {
  const asked = await ledger.requestCancel({ namespace: activityInfo().namespace, ...target });
  if (asked === 'unknown') throw new Error(`run ${target.runId} of ${target.workflowId} has no query yet`);
  return asked;
}
