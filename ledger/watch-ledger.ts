import type pg from 'pg';
import { markTold, untoldAlarm, untoldAlarms, type RaisedAlarm } from './alarms.ts';
import { expireCertificates, type ExpiredCertificate } from './certificates.ts';
import { lookForShifts, type SeenShift } from './shift-looks.ts';
import { unwatchedVersions, watchVersion, type UnwatchedVersion, type WatchedBatch } from './watch.ts';

/** What the watch over quality asks of the ledger. Each method is safe to run again, and twice at once. */
export interface WatchLedger {
  unwatchedVersions(): Promise<UnwatchedVersion[]>;
  watchVersion(version: UnwatchedVersion, limit: number): Promise<WatchedBatch>;
  expireCertificates(): Promise<ExpiredCertificate[]>;
  lookForShifts(): Promise<SeenShift[]>;
  untoldAlarms(limit: number): Promise<string[]>;
  untoldAlarm(alarmId: string): Promise<RaisedAlarm | null>;
  markTold(alarmId: string): Promise<void>;
}

export function createWatchLedger(pool: pg.Pool): WatchLedger {
  return {
    unwatchedVersions: () => unwatchedVersions(pool),
    watchVersion: (version, limit) => watchVersion(pool, version, limit),
    expireCertificates: () => expireCertificates(pool),
    lookForShifts: () => lookForShifts(pool),
    untoldAlarms: (limit) => untoldAlarms(pool, limit),
    untoldAlarm: (alarmId) => untoldAlarm(pool, alarmId),
    markTold: (alarmId) => markTold(pool, alarmId),
  };
}
