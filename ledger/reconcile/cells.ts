import { parseUsd } from '../../core/money.ts';
import type { Rates } from '../../core/price.ts';
import type { LedgerGroup, Part } from '../../core/reconcile-cell.ts';
import type { Usage } from '../../core/usage.ts';
import type { Queryable } from '../database.ts';

export interface InvoiceScope {
  /** Inclusive and exclusive, of an attempt's own start: a vendor bills by the time of the request. */
  readonly since: Date;
  readonly until: Date;
  /** In the settings; null for all. */
  readonly provider: string | null;
  /** Names of models on the invoice: an attempt counts under its reported model, else its model id, whichever is there. */
  readonly models: readonly string[];
}

/** By `day model`, as `2026-11-03 gpt-4o-2024-08-06`; see {@link cellKey}. */
export type LedgerCells = ReadonlyMap<string, readonly LedgerGroup[]>;

export function cellKey(day: string, model: string): string {
  return `${day} ${model}`;
}

/** The condition on an attempt, of $1 since, $2 until, $3 provider. */
export const IN_SCOPE = `a.query_started_at < $2 and a.started_at >= $1 and a.started_at < $2
  and (a.provider = $3 or $3::text is null)`;

/** The name of an attempt's model as the invoice has it, of the names in $4. */
export const INVOICE_MODEL = `case when a.reported_model = any($4::text[]) then a.reported_model
  when a.model_id = any($4::text[]) then a.model_id else coalesce(a.reported_model, a.model_id) end`;

export function scopeValues({ since, until, provider, models }: InvoiceScope): unknown[] {
  return [since, until, provider, models];
}

type TokenRow = Readonly<Record<keyof Usage, number>>;

interface Row extends TokenRow {
  readonly day: string;
  readonly model: string;
  readonly price_id: string | null;
  readonly rates: Rates | null;
  readonly largest_input: number;
  readonly requests: number;
  readonly low: string;
  readonly high: string | null;
  readonly known: string;
  readonly bounded: number;
  readonly bounded_low: string;
  readonly bounded_high: string;
  readonly bounded_samples: (string | null)[];
  readonly unbounded: number;
  readonly unbounded_low: string;
  readonly unbounded_samples: (string | null)[];
  readonly unusable: number;
  readonly unusable_cost: string;
  readonly unusable_samples: (string | null)[];
  readonly cached: number;
  readonly cached_samples: (string | null)[];
  readonly samples: (string | null)[];
}

/** The attempts of a scope by day and model, in groups of one price and one tier: a few rows, however many attempts. */
export async function ledgerCells(db: Queryable, scope: InvoiceScope): Promise<LedgerCells> {
  const { rows } = await db.query<Row>({
    name: 'reconcile-cells',
    text: `
      with tiers as (
        select coalesce(array_agg(distinct above + 1 order by above + 1), '{}') as bounds
        from prices, jsonb_path_query(rates, '$.*.tiers[*].above') as t (value), lateral (select t.value::bigint as above) s
      ), named as (
        select a.*, ${INVOICE_MODEL} as name, a.attempt_id::text || coalesce(' ' || a.request_id, '') as sample,
          width_bucket(coalesce(a.input_tokens, 0), tiers.bounds) as tier
        from attempts a, tiers where ${IN_SCOPE}
      )
      select to_char(n.started_at at time zone 'UTC', 'YYYY-MM-DD') as day, n.name as model, n.price_id, p.rates,
        coalesce(max(input_tokens), 0)::float8 as largest_input, count(*)::float8 as requests,
        sum(cost_low_usd)::text as low,
        case when count(*) = count(cost_high_usd) then sum(cost_high_usd) end::text as high,
        coalesce(sum(cost_usd), 0)::text as known,
        ${Object.entries(TOKENS)
          .map(([kind, column]) => `coalesce(sum(${column}), 0)::float8 as "${kind}"`)
          .join(', ')},
        count(*) filter (where ${BOUNDED})::float8 as bounded,
        coalesce(sum(cost_low_usd) filter (where ${BOUNDED}), 0)::text as bounded_low,
        coalesce(sum(cost_high_usd) filter (where ${BOUNDED}), 0)::text as bounded_high,
        ${samplesWhere(BOUNDED)} as bounded_samples,
        count(*) filter (where ${UNBOUNDED})::float8 as unbounded,
        coalesce(sum(cost_low_usd) filter (where ${UNBOUNDED}), 0)::text as unbounded_low,
        ${samplesWhere(UNBOUNDED)} as unbounded_samples,
        count(*) filter (where ${UNUSABLE})::float8 as unusable,
        coalesce(sum(cost_usd) filter (where ${UNUSABLE}), 0)::text as unusable_cost,
        ${samplesWhere(UNUSABLE)} as unusable_samples,
        count(*) filter (where ${CACHED})::float8 as cached, ${samplesWhere(CACHED)} as cached_samples,
        ${samplesWhere('true')} as samples
      from named n left join prices p on p.price_id = n.price_id
      group by day, n.name, n.price_id, p.rates, n.tier order by day, n.name, n.price_id, n.tier`,
    values: scopeValues(scope),
  });
  const cells = new Map<string, LedgerGroup[]>();
  for (const row of rows) {
    const key = cellKey(row.day, row.model);
    cells.set(key, [...(cells.get(key) ?? []), groupOf(row)]);
  }
  return cells;
}

const BOUNDED = 'cost_low_usd < cost_high_usd';
const UNBOUNDED = 'cost_high_usd is null';
const UNUSABLE = `status <> 'succeeded' and cost_usd > 0`;
const CACHED = 'cached_input_tokens > 0';

const TOKENS: Readonly<Record<keyof Usage, string>> = {
  inputTokens: 'input_tokens',
  cachedInputTokens: 'cached_input_tokens',
  cacheWriteTokens: 'cache_write_tokens',
  inputAudioTokens: 'input_audio_tokens',
  outputTokens: 'output_tokens',
  reasoningTokens: 'reasoning_tokens',
  outputAudioTokens: 'output_audio_tokens',
  inputImageTokens: 'input_image_tokens',
  outputImageTokens: 'output_image_tokens',
};

/** The first and the last by id, which is by time: all of them would be kept in memory first. */
function samplesWhere(condition: string): string {
  return `array[min(sample) filter (where ${condition}), max(sample) filter (where ${condition})]`;
}

function groupOf(row: Row): LedgerGroup {
  return {
    priceId: row.price_id,
    rates: row.rates,
    largestInput: row.largest_input,
    requests: row.requests,
    low: parseUsd(row.low),
    high: row.high === null ? null : parseUsd(row.high),
    known: parseUsd(row.known),
    usage: Object.fromEntries(
      Object.keys(TOKENS).map((kind) => [kind, row[kind as keyof Usage]]),
    ) as unknown as Usage,
    bounded: {
      ...part(row.bounded, row.bounded_low, row.bounded_samples),
      high: parseUsd(row.bounded_high),
    },
    unbounded: part(row.unbounded, row.unbounded_low, row.unbounded_samples),
    unusable: part(row.unusable, row.unusable_cost, row.unusable_samples),
    cached: part(row.cached, '0', row.cached_samples),
    samples: distinct(row.samples),
  };
}

function part(requests: number, low: string, samples: (string | null)[]): Part {
  return { requests, low: parseUsd(low), samples: distinct(samples) };
}

function distinct(samples: (string | null)[]): string[] {
  return [...new Set(samples.filter((sample) => sample !== null))];
}
