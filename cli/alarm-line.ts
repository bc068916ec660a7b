import { alarmText } from '../core/watch.ts';
import type { AlarmAction, RaisedAlarm } from '../ledger/alarms.ts';

const DID: Readonly<Record<AlarmAction, string>> = {
  keep: 'nothing was changed',
  baseline: 'the baseline alone serves new queries',
  stop: 'new queries are refused',
  'stop-canary': 'the canary was stopped',
};

/** An alarm as a terminal shows it, with what it did at the time. */
export function alarmLine(alarm: RaisedAlarm): string {
  return `ALARM ${alarm.raisedAt.toISOString()}, version ${alarm.policyVersion}: ${alarmText(alarm)} (then: ${DID[alarm.action]})`;
}
