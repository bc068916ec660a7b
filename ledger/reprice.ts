import type pg from 'pg';
import { parseUsd, type DecimalUsd } from '../core/money.ts';
import { costOf, type Price } from '../core/price.ts';
import { priceForTier } from '../core/service-tier.ts';
import { addSpend, exactly, NOTHING, type Spend } from '../core/spend.ts';
import type { Usage } from '../core/usage.ts';
import type { CostSource } from './close-attempt.ts';
import type { Queryable } from './database.ts';
import type { PricedModel } from './price-books.ts';
import { startedInRange, rangeValues, type ReportRange } from './report/range.ts';
import { onSnapshot } from './report/snapshot.ts';

/**
 * Why an attempt keeps its own figure. `open`: not closed yet. `provider-figure`: the vendor said what it cost. `no-usage`: no
 * token counts came. `other-model`: another model was served than was asked for, and it is not known which was billed.
 * `no-price`: the book has no price for its model, at its time, in its tier.
 */
export const KEPT_REASONS = ['open', 'provider-figure', 'no-usage', 'other-model', 'no-price'] as const;
export type KeptReason = (typeof KEPT_REASONS)[number];

export interface Repricing {
  readonly task: string;
  readonly model: string;
  /** Attempts that have a cost under the book. */
  readonly attempts: number;
  /** What they were billed, by the ledger. */
  readonly billed: Spend;
  /** What they would cost. */
  readonly repriced: Spend;
  /** The others, by reason, with what the ledger has for them: in no figure above. */
  readonly kept: Readonly<Partial<Record<KeptReason, { readonly attempts: number; readonly billed: Spend }>>>;
}

interface AttemptRow {
  readonly task: string;
  readonly provider: string;
  readonly model: string;
  readonly model_id: string;
  readonly status: string;
  readonly started_at: Date;
  readonly cost_source: CostSource;
  readonly low: DecimalUsd;
  readonly high: DecimalUsd | null;
  readonly service_tier: string | null;
  readonly input: number | null;
  readonly cached: number | null;
  readonly written: number | null;
  readonly input_audio: number | null;
  readonly input_image: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  readonly output_audio: number | null;
  readonly output_image: number | null;
}

/** Rows held at a time: a few megabytes, and a round trip in 10,000 rows. */
const BATCH = 10_000;

/**
 * What the attempts of a range would have cost under another price book, by task and model, on one snapshot of the ledger.
 * It changes nothing. Each attempt is priced by its own model's row at its own time and tier; what cannot be priced is counted
 * apart and never guessed. Attempts are read through a cursor, so any number of them fits.
 *
 * @param range attempts by the time at which their query started.
 * @param bookOf the price rows of a model under the book; null where it is not in it.
 */
export async function reprice(
  pool: pg.Pool,
  range: ReportRange,
  bookOf: (model: PricedModel) => readonly Price[] | null,
): Promise<Repricing[]> {
  const totals = new Map<string, Repricing>();
  await onSnapshot(pool, async (db) => {
    for await (const row of attemptRows(db, range)) {
      const key = JSON.stringify([row.task, row.model]);
      const before = totals.get(key) ?? emptyOf(row);
      totals.set(key, added(before, row, repricedOf(row, bookOf)));
    }
  });
  return [...totals.values()].sort((a, b) => compare(a.task, b.task) || compare(a.model, b.model));
}

async function* attemptRows(db: Queryable, range: ReportRange): AsyncGenerator<AttemptRow> {
  await db.query({
    text: `declare repriced no scroll cursor for
     select task, provider, model, model_id, status, started_at, cost_source, cost_low_usd::text as low,
       cost_high_usd::text as high, service_tier, input_tokens::float8 as input, cached_input_tokens::float8 as cached,
       cache_write_tokens::float8 as written, input_audio_tokens::float8 as input_audio,
       input_image_tokens::float8 as input_image, output_tokens::float8 as output, reasoning_tokens::float8 as reasoning,
       output_audio_tokens::float8 as output_audio, output_image_tokens::float8 as output_image
     from attempts where ${startedInRange('task', 'query_started_at')}`,
    values: rangeValues(range),
  });
  for (;;) {
    const { rows } = await db.query<AttemptRow>({ text: `fetch ${BATCH} from repriced` });
    yield* rows;
    if (rows.length < BATCH) return;
  }
}

function repricedOf(
  row: AttemptRow,
  bookOf: (model: PricedModel) => readonly Price[] | null,
): Spend | KeptReason {
  if (row.status === 'started') return 'open';
  if (row.cost_source === 'provider') return 'provider-figure';
  const usage = usageOf(row);
  if (usage === null) return 'no-usage';
  // A usage in the default tier is priced exactly, unless it may be the other model's: see the activities' costOfRequest.
  if (row.cost_source === 'estimate' && (row.service_tier === null || parseUsd(row.low) > 0n))
    return 'other-model';
  const book = bookOf({ provider: row.provider, modelId: row.model_id });
  const found = priceForTier(book ?? [], row.started_at, row.service_tier);
  if (found === null) return 'no-price';
  const cost = costOf(usage, found.price.rates);
  return found.bound === 'exact' ? exactly(cost) : { low: 0n, high: cost };
}

function usageOf(row: AttemptRow): Usage | null {
  if (row.input === null || row.output === null) return null;
  return {
    inputTokens: row.input,
    cachedInputTokens: row.cached ?? 0,
    cacheWriteTokens: row.written ?? 0,
    inputAudioTokens: row.input_audio ?? 0,
    inputImageTokens: row.input_image ?? 0,
    outputTokens: row.output,
    reasoningTokens: row.reasoning ?? 0,
    outputAudioTokens: row.output_audio ?? 0,
    outputImageTokens: row.output_image ?? 0,
  };
}

function emptyOf({ task, model }: AttemptRow): Repricing {
  return { task, model, attempts: 0, billed: NOTHING, repriced: NOTHING, kept: {} };
}

function added(total: Repricing, row: AttemptRow, cost: Spend | KeptReason): Repricing {
  const billed = { low: parseUsd(row.low), high: row.high === null ? null : parseUsd(row.high) };
  if (typeof cost === 'string') {
    const before = total.kept[cost] ?? { attempts: 0, billed: NOTHING };
    const after = { attempts: before.attempts + 1, billed: addSpend(before.billed, billed) };
    return { ...total, kept: { ...total.kept, [cost]: after } };
  }
  return {
    ...total,
    attempts: total.attempts + 1,
    billed: addSpend(total.billed, billed),
    repriced: addSpend(total.repriced, cost),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
