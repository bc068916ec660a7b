import type pg from 'pg';
import type { Models } from '../run/models.ts';
import { isGood, type Profile } from '../run/profiles.ts';

export interface NaiveActivities {
  callModel(profile: Profile, model: string): Promise<string>;
  score(text: string): Promise<number>;
}

export const MAKE_TABLE = `create table if not exists naive_calls (id bigint generated always as identity primary key,
  workflow_id text not null, model text not null, response text not null, latency_ms double precision not null,
  called_at timestamptz not null default now())`;

/** @param workflowId of the cascade that runs the activity. */
export function createNaiveActivities(
  models: Models,
  pool: pg.Pool,
  workflowId: () => string,
): NaiveActivities {
  return {
    async callModel(profile, model) {
      const started = performance.now();
      const text = await models.call(profile, model);
      await pool.query(
        'insert into naive_calls (workflow_id, model, response, latency_ms) values ($1, $2, $3, $4)',
        [workflowId(), model, text, performance.now() - started],
      );
      return text;
    },
    score: (text) => Promise.resolve(isGood(text) ? 1 : 0),
  };
}
