import type pg from 'pg';
import {
  expiryReasons,
  TEMPLATE_TAG,
  type CertificateState,
  type Sighting,
} from '../core/certificate-state.ts';
import type { Policy } from '../core/policy.ts';
import { inTransaction, type Queryable } from './database.ts';

/** A certificate that new queries are served under. */
interface CertifiedVersion {
  readonly task: string;
  readonly version: number;
  readonly policy: Policy;
  readonly policySha256: string;
  readonly first: Policy;
  readonly ageMs: number;
}

export interface StoredCertificateState {
  readonly state: CertificateState;
  readonly reason: string;
  readonly since: Date;
}

export interface ExpiredCertificate {
  readonly task: string;
  readonly policyVersion: number;
  readonly reason: string;
}

/** Looks at what current policies and canaries are served with, and lets certificates expire; returns those that did. */
export async function expireCertificates(pool: pg.Pool): Promise<ExpiredCertificate[]> {
  const expired: ExpiredCertificate[] = [];
  for (const certified of await certifiedVersions(pool)) {
    const reason = await inTransaction(pool, (db) => expire(db, certified));
    if (reason !== null) expired.push({ task: certified.task, policyVersion: certified.version, reason });
  }
  return expired;
}

/** Why it has expired now; null where it has not, or had before. */
async function expire(db: Queryable, certified: CertifiedVersion): Promise<string | null> {
  const { task, version } = certified;
  await see(db, certified);
  const state = await latestState(db, task, version);
  if (state === null) await insertState(db, task, version, 'valid', 'it was put into service');
  if (state?.state === 'expired') return null;
  const reasons = expiryReasons({ ...certified, sightings: await sightingsOf(db, certified) });
  if (reasons.length === 0) return null;
  const reason = reasons.join('; ');
  await insertState(db, task, version, 'expired', reason);
  return reason;
}

async function certifiedVersions(db: Queryable): Promise<CertifiedVersion[]> {
  const { rows } = await db.query<CertifiedVersion>({
    name: 'certified-versions',
    text: `select p.task, p.version, p.policy, p.policy #>> '{learned,policySha256}' as "policySha256", f.policy as first,
             (extract(epoch from now() - f.created_at) * 1000)::float8 as "ageMs"
           from tasks t
           join policies p on p.task = t.name and p.version in (t.current_version, t.canary_version)
           cross join lateral (
             select policy, created_at from policies
             where task = p.task and policy #>> '{learned,policySha256}' = p.policy #>> '{learned,policySha256}'
             order by version limit 1
           ) f
           where jsonb_typeof(p.policy #> '{learned,certificate}') = 'object' order by p.task, p.version`,
  });
  return rows;
}

/** What was seen in the last minutes, more of them than lie between two sweeps. */
async function see(db: Queryable, { task, version, policySha256 }: CertifiedVersion): Promise<void> {
  await db.query({
    name: 'see-reported-models',
    text: `insert into certificate_sightings (task, policy_sha256, kind, subject, value)
           select distinct $1::text, $3::text, 'reported-model', model, reported_model from attempts
           where task = $1 and policy_version = $2 and status = 'succeeded' and reported_model is not null
             and purpose in ('serve', 'audit') and query_started_at >= now() - interval '15 minutes'
           on conflict do nothing`,
    values: [task, version, policySha256],
  });
  await db.query({
    name: 'see-prompt-templates',
    text: `insert into certificate_sightings (task, policy_sha256, kind, subject, value)
           select distinct $1::text, $3::text, 'prompt-template', '', tags ->> $4 from queries
           where task = $1 and policy_version = $2 and tags ? $4 and started_at >= now() - interval '15 minutes'
           on conflict do nothing`,
    values: [task, version, policySha256, TEMPLATE_TAG],
  });
}

async function sightingsOf(db: Queryable, { task, policySha256 }: CertifiedVersion): Promise<Sighting[]> {
  const { rows } = await db.query<Sighting>({
    name: 'certificate-sightings',
    text: `select kind, subject, value, (extract(epoch from first_seen_at) * 1000)::float8 as "firstSeenMs"
           from certificate_sightings where task = $1 and policy_sha256 = $2 order by kind, subject, first_seen_at, value`,
    values: [task, policySha256],
  });
  return rows;
}

/** An alarm was raised. What has expired stays so. */
export async function markSuspect(
  db: Queryable,
  task: string,
  version: number,
  reason: string,
): Promise<void> {
  const state = await latestState(db, task, version);
  if (state === null || state.state === 'valid') await insertState(db, task, version, 'suspect', reason);
}

/** Null where the version carries no certificate, or no sweep has looked at it yet. */
export async function latestState(
  db: Queryable,
  task: string,
  version: number,
): Promise<StoredCertificateState | null> {
  const { rows } = await db.query<StoredCertificateState>({
    name: 'certificate-state',
    text: `select state, reason, since from certificate_states
           where task = $1 and policy_version = $2 order by state_id desc limit 1`,
    values: [task, version],
  });
  return rows[0] ?? null;
}

async function insertState(
  db: Queryable,
  task: string,
  version: number,
  state: CertificateState,
  reason: string,
): Promise<void> {
  await db.query({
    name: 'insert-certificate-state',
    text: 'insert into certificate_states (task, policy_version, state, reason) values ($1, $2, $3, $4)',
    values: [task, version, state, reason],
  });
}
