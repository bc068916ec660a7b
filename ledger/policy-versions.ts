import { canonicalJson } from '../core/canonical-json.ts';
import type { Policy, PolicyModel } from '../core/policy.ts';
import { sha256 } from '../core/request-hash.ts';
import type { Queryable } from './database.ts';

/** A stored version by its content. */
export interface PolicyHash {
  readonly version: number;
  readonly sha256: string;
  /** Not written by hand: promoted, or put in a version's place by an alarm. */
  readonly learned: boolean;
}

/** Every version of a task, newest first. */
export async function policyHashes(db: Queryable, task: string): Promise<PolicyHash[]> {
  const { rows } = await db.query<PolicyHash>({
    name: 'policy-hashes',
    text: `select version, content_sha256 as sha256, policy ?| array['learned', 'fallbackFor'] as learned
           from policies where task = $1 order by version desc`,
    values: [task],
  });
  return rows;
}

export function contentHash(policy: Policy): string {
  return sha256(canonicalJson(policy));
}

/** Stores a policy as the version after all that there are. */
export async function insertPolicy(
  db: Queryable,
  policy: Policy,
  versions: readonly PolicyHash[],
): Promise<number> {
  const version = (versions[0]?.version ?? 0) + 1;
  await db.query({
    name: 'insert-policy',
    text: 'insert into policies (task, version, policy, content_sha256) values ($1, $2, $3, $4)',
    values: [policy.task, version, JSON.stringify(policy), contentHash(policy)],
  });
  return version;
}

/** The version of a policy's content, which is stored where there is none. */
export async function versionOf(db: Queryable, policy: Policy): Promise<number> {
  const versions = await policyHashes(db, policy.task);
  const same = versions.find(({ sha256 }) => sha256 === contentHash(policy));
  return same?.version ?? (await insertPolicy(db, policy, versions));
}

/**
 * Whether a policy is the one that was last written by hand, but for the day's prices, which change by themselves. A promotion
 * stores the settings' own policy beside the promoted one, so that this can be told afterwards.
 */
export async function isAsWritten(db: Queryable, policy: Policy): Promise<boolean> {
  const { rows } = await db.query<{ policy: Policy }>({
    name: 'latest-written-policy',
    text: `select policy from policies where task = $1 and not policy ?| array['learned', 'fallbackFor'] order by version desc limit 1`,
    values: [policy.task],
  });
  const [written] = rows;
  return (
    written !== undefined && contentHash(withoutPrices(written.policy)) === contentHash(withoutPrices(policy))
  );
}

function withoutPrices(policy: Policy): Policy {
  const timeless = (model: PolicyModel): PolicyModel => ({ ...model, expectedUsdPerMtok: null });
  return {
    ...policy,
    chain: policy.chain.map(timeless),
    scorer: { ...policy.scorer, models: policy.scorer.models.map(timeless) },
  };
}
