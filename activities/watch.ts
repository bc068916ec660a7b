import { Context } from '@temporalio/activity';
import { alarmText } from '../core/watch.ts';
import type { RaisedAlarm } from '../ledger/alarms.ts';
import type { Ports } from './ports.ts';
import type { WatchActivities, WatchSummary } from './types.ts';

/** Audits in one transaction, which holds the lock on their task. */
const AUDITS_A_BATCH = 1000;
/** Batches of a version in one pass: what is left waits for the next minute's. */
const BATCHES = 20;
const ALARMS_A_PASS = 100;

/** A webhook that takes longer is asked again with the next sweep. */
const WEBHOOK_TIMEOUT_MS = 10_000;

/** What the watch over quality does to the world. */
export function createWatchActivities(ports: Ports): WatchActivities {
  return { watch: () => watch(ports) };
}

async function watch(ports: Ports): Promise<WatchSummary> {
  let [audits, alarms] = [0, 0];
  for (const version of await ports.ledger.unwatchedVersions()) {
    for (let batch = 0; batch < BATCHES; batch++) {
      const watched = await ports.ledger.watchVersion(version, AUDITS_A_BATCH);
      audits += watched.audits;
      alarms += watched.alarms;
      if (watched.audits < AUDITS_A_BATCH) break;
    }
  }
  const expired = await ports.ledger.expireCertificates();
  const untold = await tellAlarms(ports);
  return { audits, alarms, expired, untold };
}

/** Each until it is told: an alarm may reach the webhook twice, with the same `alarmId`. Returns how many are left. */
async function tellAlarms(ports: Ports): Promise<number> {
  const { log } = Context.current();
  let left = 0;
  for (const alarm of await ports.ledger.untoldAlarms(ALARMS_A_PASS)) {
    const { alarmId, task, policyVersion, action } = alarm;
    const message = alarmText(alarm);
    log.warn(`alarm: ${message}`, { alarmId, task, policyVersion, action });
    try {
      if (ports.alarmWebhook !== undefined) await post(ports.alarmWebhook, { ...alarm, message });
      await ports.ledger.markTold(alarmId);
    } catch (error) {
      // A webhook that is down must not keep the sweep from its other work; the next one tries again.
      log.warn('an alarm could not be sent to the webhook', { alarmId, error });
      left++;
    }
  }
  return left;
}

async function post(url: string, body: RaisedAlarm & { readonly message: string }): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(WEBHOOK_TIMEOUT_MS),
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
}
