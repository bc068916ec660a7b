import type pg from 'pg';
import { certificateText } from '../../core/certificate.ts';
import type { PolicyModel } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';
import { pricesOf } from '../../core/price-row.ts';
import { alarmsOf, type RaisedAlarm } from '../../ledger/alarms.ts';
import { latestState, type StoredCertificateState } from '../../ledger/certificates.ts';
import { currentPolicy, type VersionedPolicy } from '../../ledger/policies.ts';
import { taskReport, type TaskReport } from '../../ledger/report.ts';
import type { ReportRange } from '../../ledger/report/range.ts';
import { CATALOGUE, isProviderKind } from '../../providers/catalogue.ts';
import { catalogueBook } from '../../providers/price-book.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { withLearnedScorers } from '../../worker/learned-scorers.ts';
import { recordedReport, type RecordedReport } from './recorded.ts';

/** A task's figures, what its current policy does on a recorded set where one was given, and what it was accepted with. */
export interface FullReport extends TaskReport {
  readonly recorded: RecordedReport | null;
  /** Of the current policy; null where it has none. */
  readonly certificate: StatedCertificate | null;
  /** The newest of every version, newest first. */
  readonly alarms: readonly RaisedAlarm[];
}

export interface StatedCertificate {
  readonly policyVersion: number;
  readonly statement: string;
  /** What has become of it; null until a sweep has looked at it. */
  readonly standing: StoredCertificateState | null;
}

export interface RecordedOptions {
  readonly folder: string;
  /** Accuracy that may be given away, as a share. */
  readonly alpha: number;
}

/** Alarms that are shown: "escalier quality" has the others. */
const ALARMS = 3;

/** Every figure of every task in the range: what `escalier report` prints, and what any other view of it shows. */
export async function fullReports(
  pool: pg.Pool,
  range: ReportRange,
  recorded: RecordedOptions | null = null,
): Promise<FullReport[]> {
  const reports = await taskReport(pool, range, bookOf);
  const scorers = withLearnedScorers(createScorerRegistry(), pool);
  return Promise.all(
    reports.map(async (report) => {
      const policy = await currentPolicy(pool, report.task);
      return {
        ...report,
        alarms: await alarmsOf(pool, report.task, ALARMS),
        certificate: policy === null ? null : await statedCertificate(pool, report.task, policy),
        recorded:
          recorded === null || policy === null
            ? null
            : await recordedReport(recorded.folder, policy.policy, recorded.alpha, scorers),
      };
    }),
  );
}

async function statedCertificate(
  pool: pg.Pool,
  task: string,
  { version, policy }: VersionedPolicy,
): Promise<StatedCertificate | null> {
  const certificate = policy.learned?.certificate ?? null;
  if (certificate === null) return null;
  const standing = await latestState(pool, task, version);
  return { policyVersion: version, statement: certificateText(certificate), standing };
}

/** The policy's own price, else the catalogue's where the provider goes by a vendor's name. */
export function bookOf(model: PolicyModel): readonly Price[] | null {
  const vendor = isProviderKind(model.provider) ? CATALOGUE[model.provider].priceProvider : null;
  return pricesOf(model, (modelId) => (vendor === null ? null : catalogueBook(vendor, modelId)));
}
