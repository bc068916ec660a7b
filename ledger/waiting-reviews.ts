import type pg from 'pg';
import type { Json } from '../core/policy.ts';
import { policyVersion } from './policies.ts';
import { usableResponses, type UsableResponse } from './responses.ts';
import { readTexts, type QueryRef, type Sealer } from './texts.ts';

/** A query that waits for a person. */
export interface WaitingReview {
  /** Its idempotency key. */
  readonly key: string;
  readonly queryId: string;
  readonly task: string;
  /** ISO 8601. */
  readonly askedAt: string;
  readonly messages: Json;
  /** What the models said, in the order of the chain. */
  readonly responses: readonly UsableResponse[];
}

interface Row extends QueryRef {
  readonly key: string;
  readonly task: string;
  readonly policyVersion: number;
  readonly askedAt: Date;
}

/** Queries with an open attempt of a person, those that wait longest first. @param task null for all. */
export async function waitingReviews(
  pool: pg.Pool,
  sealer: Sealer | null,
  task: string | null,
): Promise<WaitingReview[]> {
  const { rows } = await pool.query<Row>({
    name: 'waiting-reviews',
    text: `select q.query_id as "queryId", to_json(q.started_at at time zone 'UTC')#>>'{}' || 'Z' as "startedAt",
             q.workflow_id as key, q.task, q.policy_version as "policyVersion", a.started_at as "askedAt"
           from attempts a join queries q on q.started_at = a.query_started_at and q.query_id = a.query_id
           where a.status = 'started' and a.provider = 'person' and q.status = 'running'
             and ($1::text is null or q.task = $1)
           order by a.started_at`,
    values: [task],
  });
  const waiting: WaitingReview[] = [];
  for (const row of rows) {
    const { answer } = await policyVersion(pool, row.task, row.policyVersion);
    const request = (await readTexts(pool, sealer, row)).get('request') as { messages: Json } | undefined;
    waiting.push({
      key: row.key,
      queryId: row.queryId,
      task: row.task,
      askedAt: row.askedAt.toISOString(),
      messages: request?.messages ?? null,
      responses: await usableResponses(pool, sealer, row, answer),
    });
  }
  return waiting;
}
