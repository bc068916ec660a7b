import type pg from 'pg';
import type { CascadeAnswer } from '../../core/result.ts';
import type { MeterEntry } from '../../replay/meter.ts';
import type { SimulatedQuery } from '../../learning/simulate.ts';
import type { Asked } from './driver.ts';

export interface AttemptRow {
  readonly attempt_id: string;
  readonly query_id: string;
  readonly workflow_id: string;
  readonly purpose: string;
  readonly stage: number;
  readonly ordinal: number;
  readonly status: 'started' | 'succeeded' | 'failed' | 'cancelled' | 'orphaned';
  readonly spend_class: string;
  /** Decimal dollars. */
  readonly cost_low_usd: string;
  readonly cost_high_usd: string | null;
  /** Microseconds since the epoch: JavaScript's dates are too coarse to order two transactions. */
  readonly started_us: string;
  readonly closed_us: string | null;
}

export interface QueryRow {
  readonly query_id: string;
  readonly workflow_id: string;
  readonly status: 'running' | 'ended';
}

/** Everything that the audit compares. The meter is the truth: it lives in the harness, which nobody kills. */
export interface Books {
  readonly meter: readonly MeterEntry[];
  readonly attempts: readonly AttemptRow[];
  readonly queries: readonly QueryRow[];
  readonly openTexts: readonly string[];
  /** Sums of `attempt_spend` as Postgres has them. */
  readonly classes: readonly SpendClass[];
  readonly total: { readonly low: string; readonly high: string | null };
  readonly asked: readonly Asked[];
  /** What the same keys gave when they were asked again afterwards. */
  readonly again: ReadonlyMap<string, CascadeAnswer | null>;
  /** Requests that asking again made. */
  readonly requestsOfAskingAgain: number;
  /** What workers said that ended though nobody killed them, with how often: `exit <code>: <last line>`. */
  readonly exits: ReadonlyMap<string, number>;
  /** By the recorded query's id. */
  readonly predicted: ReadonlyMap<string, SimulatedQuery & { readonly text: string | null }>;
}

export interface SpendClass {
  readonly spend_class: string;
  readonly attempts: string;
  readonly low: string;
  readonly high: string | null;
}

type FromLedger = Pick<Books, 'attempts' | 'queries' | 'openTexts' | 'classes' | 'total'>;

/** A bound that is unknown for one row is unknown for the sum. */
const SUMS = `sum(cost_low_usd)::text as low,
  case when count(*) filter (where cost_high_usd is null) = 0 then sum(cost_high_usd)::text end as high`;

export async function readLedger(pool: pg.Pool): Promise<FromLedger> {
  const attempts = await pool.query<AttemptRow>(
    `select a.attempt_id, a.query_id, workflow_id, a.purpose, a.stage, ordinal, status, spend_class,
       a.cost_low_usd::text, a.cost_high_usd::text, (extract(epoch from started_at) * 1000000)::bigint::text as started_us,
       (extract(epoch from closed_at) * 1000000)::bigint::text as closed_us
     from attempts a join attempt_spend s using (query_started_at, attempt_id)`,
  );
  const queries = await pool.query<QueryRow>('select query_id, workflow_id, status from queries');
  const texts = await pool.query<{ item: string }>(`select query_id || '/' || item as item from open_texts`);
  const classes = await pool.query<SpendClass>(
    `select spend_class, count(*) as attempts, ${SUMS} from attempt_spend group by spend_class order by spend_class`,
  );
  const total = await pool.query<{ low: string; high: string | null }>(`select ${SUMS} from attempts`);
  return {
    attempts: attempts.rows,
    queries: queries.rows,
    openTexts: texts.rows.map(({ item }) => item),
    classes: classes.rows,
    total: total.rows[0] ?? { low: '0', high: '0' },
  };
}
