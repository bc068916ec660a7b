import type pg from 'pg';
import { markTold, untoldAlarms, type RaisedAlarm } from './alarms.ts';
import { expireCertificates } from './certificates.ts';
import { unwatchedVersions, watchVersion, type UnwatchedVersion, type WatchedBatch } from './watch.ts';

/** What the watch over quality asks of the ledger. Each method is safe to run again, and twice at once. */
export interface WatchLedger {
  unwatchedVersions(): Promise<UnwatchedVersion[]>;
  watchVersion(version: UnwatchedVersion, limit: number): Promise<WatchedBatch>;
  expireCertificates(): Promise<number>;
  untoldAlarms(limit: number): Promise<RaisedAlarm[]>;
  markTold(alarmId: string): Promise<void>;
}

export function createWatchLedger(pool: pg.Pool): WatchLedger {
  return {
    unwatchedVersions: () => unwatchedVersions(pool),
    watchVersion: (version, limit) => watchVersion(pool, version, limit),
    expireCertificates: () => expireCertificates(pool),
    untoldAlarms: (limit) => untoldAlarms(pool, limit),
    markTold: (alarmId) => markTold(pool, alarmId),
  };
}
