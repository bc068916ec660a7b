import { activityInfo, Context } from '@temporalio/activity';
import type { Outcome } from '../core/cascade.ts';
import type { CascadeAnswer } from '../core/result.ts';
import type { QueryEnd } from '../ledger/end-query.ts';
import type { RunningQuery, UnsettledAttempt } from '../ledger/sweep.ts';
import { eachByItself } from './each-by-itself.ts';
import { inParallel } from './in-parallel.ts';
import type { Ports, WorkflowState, WorkflowStates } from './ports.ts';
import type { CostsSettled, QueriesSwept, SweepActivities, SweepPlace } from './types.ts';

/** Rows in one statement: few enough that no lock is held for long. */
const ORPHANS_A_BATCH = 500;
/** Batches in one pass: what is left waits for the next minute's. */
const ORPHAN_BATCHES = 20;

/** Queries in one activity: each is a look-up in Temporal, of some milliseconds. */
const QUERIES_A_PAGE = 200;
/** A query that began less than this ago is being planned, or has just begun: no need to look at it. */
const YOUNGEST_SECONDS = 60;

/** OpenRouter writes its record some seconds after the response; what it does not know by then it never will. */
const ASK_AFTER_CLOSE_SECONDS = [5, 600] as const;
const COSTS_A_PASS = 200;

/** Look-ups at once: a sweep must not be felt by the queries that run beside it. */
const AT_ONCE = 8;

/** What the sweeper does, each step safe to run twice, and by two workers at once. */
export function createSweepActivities(ports: Ports, temporal: WorkflowStates): SweepActivities {
  return {
    orphanExpired: () => orphanExpired(ports),
    endLostQueries: (after) => endLostQueries(ports, temporal, after),
    settleCosts: () => settleCosts(ports),
  };
}

async function orphanExpired({ ledger }: Ports): Promise<number> {
  let total = 0;
  for (let batch = 0; batch < ORPHAN_BATCHES; batch++) {
    const orphaned = await ledger.orphanExpired(ORPHANS_A_BATCH);
    total += orphaned;
    if (orphaned < ORPHANS_A_BATCH) break;
  }
  return total;
}

async function endLostQueries(
  ports: Ports,
  temporal: WorkflowStates,
  after: SweepPlace,
): Promise<QueriesSwept> {
  const queries = await ports.ledger.runningQueries({
    namespace: activityInfo().namespace,
    after,
    olderThanSeconds: YOUNGEST_SECONDS,
    limit: QUERIES_A_PAGE,
  });
  const ended = await eachByItself(queries, AT_ONCE, async (query) => {
    const state = await temporal.workflowState(query.workflowId);
    if (state?.status === 'running') return false;
    const result =
      state?.status === 'completed' ? await temporal.resultOf(query.workflowId, state.runId) : null;
    const end = answeredEnd(query, result) ?? lostEnd(state);
    return (await ports.ledger.endQuery({ ...query, onlyRunning: true, ...end })).type === 'ended';
  });
  const last = queries.length < QUERIES_A_PAGE ? undefined : queries.at(-1);
  return {
    looked: queries.length,
    ended,
    next: last === undefined ? null : { queryId: last.queryId, startedAt: last.startedAt },
  };
}

type End = Omit<QueryEnd, keyof RunningQuery | 'onlyRunning' | 'insteadOf'>;

/**
 * The end that a completed workflow has given its query: its commit does not wait for the disk, so a crash of Postgres may
 * have lost it. Null where the result is not that query's answer.
 */
function answeredEnd({ queryId }: RunningQuery, answer: unknown): End | null {
  if (!isAnswerOf(queryId, answer)) return null;
  const accepted = answer.attempts.find(({ verdict }) => verdict === 'accepted');
  if (accepted === undefined) return null;
  const { stage, confidence, threshold } = answer;
  return {
    outcome: answer.outcome,
    served: { attemptId: accepted.attemptId, stage, answer: answer.answer, confidence, threshold },
    servedModel: answer.model,
    failureMessage: null,
    judgements: answer.attempts.filter((attempt) => attempt.verdict !== null || attempt.confidence !== null),
  };
}

/** A workflow of another type may have taken the key. */
function isAnswerOf(queryId: string, result: unknown): result is CascadeAnswer {
  return typeof result === 'object' && result !== null && 'queryId' in result && result.queryId === queryId;
}

/** The end of a query that nobody ended. */
function lostEnd(state: WorkflowState | null): End {
  const [outcome, failureMessage] = state === null || state.status === 'running' ? GONE : ENDS[state.status];
  return { outcome, served: null, servedModel: null, failureMessage, judgements: [] };
}

type Over = Exclude<WorkflowState['status'], 'running'>;

const ENDS: Readonly<Record<Over, readonly [Outcome, string]>> = {
  terminated: ['cancelled', 'its workflow was terminated in Temporal'],
  cancelled: ['cancelled', 'its workflow was cancelled in Temporal before it could end the query'],
  'timed-out': ['failed', 'its workflow ran into its own timeout in Temporal'],
  completed: ['failed', 'its workflow completed without ending the query'],
  failed: ['failed', 'its workflow failed without ending the query'],
};
const GONE: readonly [Outcome, string] = [
  'failed',
  'its workflow is gone from Temporal: deleted, or past retention',
];

async function settleCosts(ports: Ports): Promise<CostsSettled> {
  if (ports.costTellers.length === 0) return { settled: 0, unanswered: 0 };
  const attempts = await ports.ledger.unsettledAttempts({
    providers: ports.costTellers,
    closedWithinSeconds: ASK_AFTER_CLOSE_SECONDS,
    limit: COSTS_A_PASS,
  });
  const results = await inParallel(attempts, AT_ONCE, (attempt) => settleCost(ports, attempt));
  return {
    settled: results.filter((result) => result === 'settled').length,
    unanswered: results.filter((result) => result === 'unanswered').length,
  };
}

async function settleCost(
  ports: Ports,
  attempt: UnsettledAttempt,
): Promise<'settled' | 'unanswered' | 'unknown'> {
  const context = Context.current();
  try {
    const provider = ports.provider(attempt.provider)?.provider;
    const told = (await provider?.tellCost?.(attempt.responseId, context.cancellationSignal)) ?? null;
    if (told === null) return 'unknown';
    return (await ports.ledger.settleCost({ ...attempt, ...told })) ? 'settled' : 'unknown';
  } catch (error) {
    // One provider that is down must not keep the others' rows from being settled; the next sweep asks it again.
    context.log.warn('a cost could not be looked up', { attemptId: attempt.attemptId, error });
    return 'unanswered';
  }
}
