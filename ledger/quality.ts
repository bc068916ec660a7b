import type pg from 'pg';
import type { Policy } from '../core/policy.ts';
import type { Shift } from '../core/shift.ts';
import type { WatchState } from '../core/watch.ts';
import { alarmsOf, type RaisedAlarm } from './alarms.ts';
import { latestState, type StoredCertificateState } from './certificates.ts';
import { judgedAnswers, type JudgedAnswers } from './judged-answers.ts';
import { policyArms, taskNames } from './policies.ts';
import { onSnapshot } from './report/snapshot.ts';
import { currentShift } from './shift-looks.ts';
import { lastStageLatency, sliceFigures, type SliceFigures } from './slice-figures.ts';
import { watchState } from './watch.ts';

export interface QualityRange {
  /** Every task by default. */
  readonly task?: string | undefined;
  /** Tags whose values make the slices; every tag by default. */
  readonly tags?: readonly string[] | undefined;
  /** Days back from now in which the queries started. */
  readonly days: number;
}

/** What is known of how good a task's answers are. */
export interface TaskQuality {
  readonly task: string;
  readonly asOf: Date;
  readonly days: number;
  /** What serves new queries. */
  readonly version: number;
  readonly policy: Policy;
  /** Why new queries are refused; null where they are not. */
  readonly stopped: string | null;
  /** Of the version; null where it has no certificate, or no sweep has looked at it. */
  readonly certificate: StoredCertificateState | null;
  /** All queries first, then the largest slices. Empty where no query has ended. */
  readonly slices: readonly SliceFigures[];
  readonly judged: JudgedAnswers;
  /** Milliseconds of one successful request to the last stage: half and 95% of them; null without any. */
  readonly lastStageMs: readonly [p50: number, p95: number] | null;
  /** Of the version. */
  readonly watch: WatchState;
  /** Of every version, newest first. */
  readonly alarms: readonly RaisedAlarm[];
  /** The version's last week against its four weeks before. */
  readonly shift: Shift;
}

/** Each task's quality, in one snapshot. */
export async function qualityOf(pool: pg.Pool, range: QualityRange): Promise<TaskQuality[]> {
  return onSnapshot(pool, async (db, asOf) => {
    const found: TaskQuality[] = [];
    for (const task of range.task === undefined ? await taskNames(db) : [range.task]) {
      const arms = await policyArms(db, task);
      if (arms === null) continue;
      const { version, policy } = arms.current;
      found.push({
        task,
        asOf,
        days: range.days,
        version,
        policy,
        stopped: arms.stopped,
        certificate: await latestState(db, task, version),
        slices: await sliceFigures(db, task, range),
        judged: await judgedAnswers(db, task, range.days),
        lastStageMs: await lastStageLatency(db, task, range.days),
        watch: await watchState(db, task, version),
        alarms: await alarmsOf(db, task),
        shift: await currentShift(db, task, version),
      });
    }
    return found;
  });
}
