import type pg from 'pg';
import type { Models } from '../run/models.ts';
import { isGood, type Profile } from '../run/profiles.ts';

export interface LeastActivities {
  climb(profile: Profile, chain: readonly string[]): Promise<string>;
}

export const MAKE_TABLE = `create table if not exists least_calls (id bigint generated always as identity primary key,
  model text not null, response text)`;

/**
 * The least that a ledger can do which has each request's row on disk before the request leaves, and its response's before
 * it is answered: one commit before each request, one at the end. It keeps nothing else.
 */
export function createLeastActivities(models: Models, pool: pg.Pool): LeastActivities {
  return {
    async climb(profile, chain) {
      let last: { readonly id: string; readonly text: string } | null = null;
      for (const model of chain) {
        const id: string = await note(pool, model, last);
        last = { id, text: await models.call(profile, model) };
        if (isGood(last.text)) break;
      }
      if (last === null || !isGood(last.text)) throw new Error('no response was good');
      await pool.query('update least_calls set response = $2 where id = $1', [last.id, last.text]);
      return last.text;
    },
  };
}

/** Inserts a call's row, and in the same statement keeps the response of the one before. */
async function note(
  pool: pg.Pool,
  model: string,
  before: { readonly id: string; readonly text: string } | null,
): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `with kept as (update least_calls set response = $3 where id = $2)
     insert into least_calls (model) values ($1) returning id::text`,
    [model, before?.id ?? null, before?.text ?? null],
  );
  return rows[0]?.id ?? '';
}
