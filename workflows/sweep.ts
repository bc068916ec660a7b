import { proxyActivities, workflowInfo } from '@temporalio/workflow';
import type {
  AuditActivities,
  SweepActivities,
  SweepPlace,
  WatchActivities,
  WatchSummary,
} from '../activities/types.ts';
import { startAlarm } from './alarm.ts';
import { startAudit } from './audit.ts';

const { orphanExpired, endLostQueries, settleCosts, dueAudits, endLostAudits, watch, lookForShifts } =
  proxyActivities<SweepActivities & AuditActivities & WatchActivities>({
    // The longest, two hundred look-ups that each wait for their own time limit of ten seconds, eight at once, needs 250 s.
    startToCloseTimeout: '5 minutes',
    // A step that fails three times waits for the next minute's sweep: every step is safe to leave and to repeat.
    retry: { initialInterval: '1 second', maximumAttempts: 3 },
  });

/** Pages of running queries in one sweep: with more of them, the next sweep goes on where this one stopped. */
const PAGES = 25;

/** What one sweep did. It is the workflow's result, as people read it in the UI. */
export interface SweepSummary {
  /** Open attempts that were closed as `orphaned`. */
  readonly orphaned: number;
  /** Running queries whose workflow was looked at. */
  readonly looked: number;
  /** Those that were ended, since their workflow is over. */
  readonly ended: number;
  /** Attempts whose provider has told their cost. */
  readonly settled: number;
  /** Look-ups of costs that their provider did not answer. */
  readonly unanswered: number;
  /** Audits that were started. */
  readonly audits: number;
  /** Audits that were ended, since their workflow is over. */
  readonly auditsEnded: number;
  /** What the watch over quality did. */
  readonly watched: WatchSummary;
  /** Tasks whose queries of late were found to differ from those before: looked at once a day. */
  readonly shifts: number;
  /** Where the next sweep goes on with running queries; null for the beginning. */
  readonly next: SweepPlace;
}

/**
 * Mends what no workflow code is left to mend: attempts whose worker was lost, queries whose workflow was terminated,
 * timed out or deleted, and costs that a provider tells only afterwards. And it starts the audits that are due: from here,
 * so that they cost the queries that they are about no time, and none is lost with a worker. Last it looks at what audits
 * have found, and has alarms told. A schedule runs it every minute.
 */
export async function sweep(): Promise<SweepSummary> {
  const orphaned = await orphanExpired();
  // The schedule hands each run the result of the last one that completed.
  let next = (workflowInfo().lastResult as SweepSummary | undefined)?.next ?? null;
  let looked = 0;
  let ended = 0;
  for (let page = 0; page < PAGES; page++) {
    const swept = await endLostQueries(next);
    looked += swept.looked;
    ended += swept.ended;
    next = swept.next;
    if (next === null) break;
  }
  const { settled, unanswered } = await settleCosts();
  const auditsEnded = await endLostAudits();
  const started = await Promise.all((await dueAudits()).map(startAudit));
  const audits = started.filter(Boolean).length;
  const watched = await watch();
  await Promise.all(watched.untold.map(startAlarm));
  const shifts = await lookForShifts();
  return { orphaned, looked, ended, settled, unanswered, audits, auditsEnded, watched, shifts, next };
}
