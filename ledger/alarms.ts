import type { Alarm } from '../core/watch.ts';
import type { Queryable } from './database.ts';

/** What an alarm did to new queries. */
export type AlarmAction = 'keep' | 'baseline' | 'stop' | 'stop-canary';

/** An alarm as the ledger keeps it. */
export interface RaisedAlarm extends Omit<Alarm, 'at'> {
  readonly alarmId: string;
  readonly task: string;
  readonly policyVersion: number;
  readonly raisedAt: Date;
  readonly action: AlarmAction;
}

const COLUMNS = `alarm_id as "alarmId", task, policy_version as "policyVersion", slice, raised_at as "raisedAt", audits, loss,
  mean_loss as "meanLoss", alpha, p_value as "pValue", level, judges, action`;

/** Ids of alarms that nobody was told yet, oldest first. */
export async function untoldAlarms(db: Queryable, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ alarmId: string }>({
    name: 'untold-alarms',
    text: `select alarm_id as "alarmId" from alarms where told_at is null order by alarms.alarm_id limit $1`,
    values: [limit],
  });
  return rows.map(({ alarmId }) => alarmId);
}

/** Null where it was told. */
export async function untoldAlarm(db: Queryable, alarmId: string): Promise<RaisedAlarm | null> {
  const { rows } = await db.query<RaisedAlarm>({
    name: 'untold-alarm',
    text: `select ${COLUMNS} from alarms where alarms.alarm_id = $1 and told_at is null`,
    values: [alarmId],
  });
  return rows[0] ?? null;
}

export async function markTold(db: Queryable, alarmId: string): Promise<void> {
  await db.query({
    name: 'mark-told',
    text: 'update alarms set told_at = now() where alarm_id = $1',
    values: [alarmId],
  });
}

/** Of a task, newest first. */
export async function alarmsOf(db: Queryable, task: string, limit = 20): Promise<RaisedAlarm[]> {
  const { rows } = await db.query<RaisedAlarm>({
    name: 'alarms-of-task',
    text: `select ${COLUMNS} from alarms where task = $1 order by alarms.alarm_id desc limit $2`,
    values: [task, limit],
  });
  return rows;
}
