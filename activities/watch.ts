import { Context } from '@temporalio/activity';
import { alarmText } from '../core/watch.ts';
import type { RaisedAlarm } from '../ledger/alarms.ts';
import type { Ports } from './ports.ts';
import type { WatchActivities, WatchSummary } from './types.ts';

/** Audits in one transaction, which holds the lock on their task. */
const AUDITS_A_BATCH = 1000;
/** Batches of a version in one pass: what is left waits for the next minute's. */
const BATCHES = 20;
/** Alarms that a pass has told: each is a workflow, and the next pass has the others. */
const ALARMS_A_PASS = 100;

/** A webhook that takes longer is asked again. */
const WEBHOOK_TIMEOUT_MS = 10_000;

/** What the watch over quality does to the world. */
export function createWatchActivities(ports: Ports): WatchActivities {
  return {
    watch: () => watch(ports),
    lookForShifts: () => lookForShifts(ports),
    tellAlarm: (alarmId) => tellAlarm(ports, alarmId),
  };
}

async function watch({ ledger }: Ports): Promise<WatchSummary> {
  const { log } = Context.current();
  let [audits, alarms] = [0, 0];
  for (const version of await ledger.unwatchedVersions()) {
    for (let batch = 0; batch < BATCHES; batch++) {
      const watched = await ledger.watchVersion(version, AUDITS_A_BATCH);
      audits += watched.audits;
      alarms += watched.alarms;
      if (watched.audits < AUDITS_A_BATCH) break;
    }
  }
  const expired = await ledger.expireCertificates();
  for (const certificate of expired) log.warn('a certificate has expired', { ...certificate });
  return { audits, alarms, expired: expired.length, untold: await ledger.untoldAlarms(ALARMS_A_PASS) };
}

async function lookForShifts({ ledger }: Ports): Promise<number> {
  const { log } = Context.current();
  const shifts = await ledger.lookForShifts();
  for (const { warnings, ...of } of shifts) for (const text of warnings) log.warn(`shift: ${text}`, of);
  return shifts.length;
}

/** Twice only where the worker is lost between the webhook's answer and its being written down: with the same id then. */
async function tellAlarm({ ledger, alarmWebhook }: Ports, alarmId: string): Promise<void> {
  const { log, info } = Context.current();
  const alarm = await ledger.untoldAlarm(alarmId);
  if (alarm === null) return;
  const { task, policyVersion, action } = alarm;
  const message = alarmText(alarm);
  if (info.attempt === 1) log.warn(`alarm: ${message}`, { alarmId, task, policyVersion, action });
  if (alarmWebhook !== undefined) await post(alarmWebhook, { ...alarm, message });
  await ledger.markTold(alarmId);
}

async function post(url: string, body: RaisedAlarm & { readonly message: string }): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `escalier-alarm-${body.alarmId}` },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook for alarms answered ${response.status}`);
}
