import { activityInfo, Context } from '@temporalio/activity';
import type { AnswersHere } from '../core/answers-here.ts';
import { withAttempts } from '../core/cascade-answer.ts';
import type { CascadeRequest } from '../core/request.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { createAuditActivities } from './audit.ts';
import { callAndEnd } from './call-and-end.ts';
import { CancelWatch } from './cancel-watch.ts';
import { climb } from './climb.ts';
import { end } from './end.ts';
import { heartbeating } from './heartbeats.ts';
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
  Planned,
  RelearnActivities,
  ReviewActivities,
  SweepActivities,
  WatchActivities,
} from './types.ts';

export { HEARTBEAT_MS } from './heartbeats.ts';
export type { ConnectedProvider, Ports, WorkflowState, WorkflowStates } from './ports.ts';

/** Planning is a few statements in Postgres: far below this, unless Postgres is away. */
const PLANNING_MS = 20_000;

/** What the workflows do to the world. @param answers are told to callers in this process as soon as the ledger has them. */
export function createActivities(
  ports: Ports,
  temporal: WorkflowStates,
  answers: AnswersHere,
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
    plan: (request, startedMs) =>
      telling(answers, async (tell) => {
        const planned = await planAndClimb(ports, temporal, watch, request, startedMs, tell);
        if (planned.type === 'finished') tell(planned.answer);
        return planned;
      }),
    restore: (request, query) => restore(ports, request, query),
    call: (input) =>
      hearing(watch, (signal) =>
        callAndEnd(ports, input, signal, (answer) => {
          answers.give(workflowId(), answer);
        }),
      ),
    score: (input) =>
      hearing(watch, async (signal) => score(ports, input, await textsToScore(ports, input), signal)),
    end: (input, answer) =>
      telling(answers, async (tell) => {
        const ended = await end(ports, temporal, input);
        tell(answer == null ? null : withAttempts(answer, ended.attempts));
        return ended;
      }),
    requestCancel: (target) => requestCancel(ports, target),
    label: (feedback) => label(ports, feedback),
    ...createSweepActivities(ports, temporal),
    ...createReviewActivities(ports),
    ...createWatchActivities(ports),
    ...createAuditActivities(ports, temporal, heartbeating),
    ...createRelearnActivities(ports, heartbeating),
  };
}

/** Does work that may come upon its query's answer; callers in this process are told, or that they must wait for the workflow. */
async function telling<T>(
  answers: AnswersHere,
  work: (tell: (answer: CascadeAnswer | null) => void) => Promise<T>,
): Promise<T> {
  const id = workflowId();
  const tell = (answer: CascadeAnswer | null): void => {
    answers.give(id, answer);
  };
  try {
    return await work(tell);
  } catch (error) {
    tell(null);
    throw error;
  }
}

function workflowId(): string {
  return activityInfo().workflowExecution?.workflowId ?? '';
}

/** Plans a query, and climbs it as well where that is how it is executed. */
async function planAndClimb(
  ports: Ports,
  temporal: WorkflowStates,
  watch: CancelWatch,
  request: CascadeRequest,
  startedMs: number | undefined,
  onAnswer: (answer: CascadeAnswer) => void,
): Promise<Planned> {
  const planned = await within(PLANNING_MS, () => plan(ports, request));
  if (planned.type === 'finished' || planned.plan.execution !== 'inline' || startedMs === undefined)
    return planned;
  const climbed = await watch.during((signal) =>
    climb(ports, temporal, planned.plan, startedMs, signal, onAnswer),
  );
  return { ...planned, climbed };
}

/**
 * Does work that can be stopped. Any activity hears of an announced cancel in the ledger, a local one of nothing else; an
 * ordinary one also hears Temporal's own word, with its heartbeats.
 */
function hearing<T>(watch: CancelWatch, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  if (Context.current().info.isLocal) return watch.during(work);
  return heartbeating(() => watch.during(work));
}

async function requestCancel({ ledger }: Ports, target: CancelTarget): Promise<'requested' | 'over'> {
  const asked = await ledger.requestCancel({ namespace: activityInfo().namespace, ...target });
  if (asked === 'unknown') throw new Error(`run ${target.runId} of ${target.workflowId} has no query yet`);
  return asked;
}
