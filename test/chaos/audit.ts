import { EXIT } from '../../cli/exit.ts';
import { parseUsd } from '../../core/money.ts';
import type { MeterEntry } from '../../replay/meter.ts';
import type { AttemptRow, Books } from './books.ts';

/** One thing that must hold, and what breaks it: empty where it holds. */
export interface Check {
  readonly name: string;
  readonly violations: readonly string[];
}

type Find = (books: Books) => string[];

const CHECKS: Readonly<Record<string, Find>> = {
  'every request has exactly one row': ({ meter, attempts }) => {
    const rows = countBy(attempts, (row) => row.attempt_id);
    const seen = countBy(meter, (entry) => entry.client_request_id ?? 'a request without an id');
    return [...seen].flatMap(([id, requests]) => [
      ...(requests === 1 ? [] : [`${id}: ${requests} requests`]),
      ...(rows.get(id) === 1 ? [] : [`${id}: ${rows.get(id) ?? 0} rows`]),
    ]);
  },

  'no row claims a cost that was not billed': ({ meter, attempts }) => {
    const billed = new Set(meter.filter((entry) => entry.billed).map((entry) => entry.client_request_id));
    return attempts
      .filter((row) => parseUsd(row.cost_low_usd) > 0n && !billed.has(row.attempt_id))
      .map((row) => `${row.attempt_id}: at least $${row.cost_low_usd}`);
  },

  'every billed request lies within its row’s bounds': ({ meter, attempts }) => {
    const rows = new Map(attempts.map((row) => [row.attempt_id, row]));
    return meter.flatMap((entry) => {
      const row = rows.get(entry.client_request_id ?? '');
      return row === undefined || within(entry.billed_usd, row.cost_low_usd, row.cost_high_usd)
        ? []
        : [
            `${row.attempt_id}: billed $${entry.billed_usd}, ${row.cost_low_usd} to ${row.cost_high_usd ?? '?'}`,
          ];
    });
  },

  'the metered total lies within the ledger’s': ({ meter, total }) => {
    const billed = meter.reduce((sum, entry) => sum + parseUsd(entry.billed_usd), 0n);
    const { low, high } = total;
    const inside = parseUsd(low) <= billed && high !== null && billed <= parseUsd(high);
    return inside ? [] : [`${billed} picodollars billed, $${low} to $${high ?? 'unknown'} in the ledger`];
  },

  'every query got one answer or one named error': ({ asked }) => [
    ...[...countBy(asked, ({ key }) => key)].flatMap(([key, results]) =>
      results === 1 ? [] : [`${key}: ${results} results`],
    ),
    ...asked
      .filter(({ answer, error }) => (answer === null) === (error === null) || isNoEnd(error))
      .map(({ key, error }) => `${key}: ${error ?? 'both or nothing'}`),
  ],

  'asked again, the same answer, and nothing is called': ({ asked, again, requestsOfAskingAgain }) => [
    ...asked
      .filter(({ answer }) => answer !== null)
      .filter(({ key, answer }) => JSON.stringify(again.get(key)) !== JSON.stringify(answer))
      .map(({ key }) => `${key}: ${again.get(key) == null ? 'no answer' : 'another answer'}`),
    ...(requestsOfAskingAgain === 0 ? [] : [`${requestsOfAskingAgain} requests were made`]),
  ],

  'no response that was kept is bought again': ({ attempts }) =>
    [...byCall(attempts)].flatMap(([call, rows]) => {
      const succeeded = rows.filter((row) => row.status === 'succeeded');
      return succeeded.flatMap((kept) =>
        rows
          .filter((row) => row !== kept && BigInt(row.started_us) > BigInt(kept.closed_us ?? 0))
          .map((row) => `${call}: ${row.attempt_id} began after ${kept.attempt_id} had succeeded`),
      );
    }),

  'every query has ended in the ledger': ({ asked, queries }) => {
    const ended = new Set(queries.filter(({ status }) => status === 'ended').map((row) => row.workflow_id));
    const known = new Set(asked.map(({ key }) => key));
    return [
      ...asked.filter(({ key }) => !ended.has(key)).map(({ key }) => `${key}: not ended`),
      ...queries.filter((row) => !known.has(row.workflow_id)).map((row) => `${row.workflow_id}: never asked`),
    ];
  },

  'no worker ends by itself but where a server is away': ({ exits }) =>
    [...exits.keys()].filter((words) => !words.startsWith(`exit ${EXIT.unavailable}: `)),

  'no text is left open': ({ openTexts }) => [...openTexts],

  'no row is left open': ({ attempts }) =>
    attempts
      .filter(({ status }) => status === 'started')
      .map((row) => `${row.attempt_id} of ${row.workflow_id}`),

  'the answers are those of a run without crashes': ({ asked, attempts, predicted }) => {
    // A vendor's fault may change the answer, and Temporal's retries of it count tries; a crash may not.
    const faulty = new Set(attempts.filter((row) => row.status === 'failed').map((row) => row.workflow_id));
    return asked.flatMap(({ key, query, answer }) => {
      const calm = predicted.get(query.id);
      if (faulty.has(key) || calm === undefined) return [];
      const [got, wanted] = [
        [answer?.outcome, answer?.stage, answer?.confidence, answer?.text],
        [calm.outcome, calm.servedStage, calm.confidence, calm.text],
      ].map((facts) => JSON.stringify(facts));
      return got === wanted ? [] : [`${key}: ${got} instead of ${wanted}`];
    });
  },

  'the classes of spend add up to the total': ({ classes, total }) => {
    const low = classes.reduce((sum, part) => sum + parseUsd(part.low), 0n);
    const high = classes.map((part) => part.high).includes(null)
      ? null
      : classes.reduce((sum, part) => sum + parseUsd(part.high ?? '0'), 0n);
    const equal = low === parseUsd(total.low) && high === (total.high && parseUsd(total.high));
    return equal
      ? []
      : [
          `classes ${low} to ${high ?? 'unknown'} picodollars, total $${total.low} to $${total.high ?? 'unknown'}`,
        ];
  },

  'nothing is a duplicate': ({ attempts }) =>
    attempts
      .filter((row) => row.spend_class === 'duplicate')
      .map((row) => `${row.attempt_id} of ${row.workflow_id}`),
};

/** Compares the vendor's meter, the ledger and what callers were told. Pure. */
export function audit(books: Books): Check[] {
  return Object.entries(CHECKS).map(([name, find]) => ({ name, violations: find(books) }));
}

/** Errors that are no end: the query may still run, or nobody knows what happened. */
function isNoEnd(error: string | null): boolean {
  return error !== null && (error === 'unavailable' || error.startsWith('unnamed'));
}

function within(billed: MeterEntry['billed_usd'], low: string, high: string | null): boolean {
  const cost = parseUsd(billed);
  return parseUsd(low) <= cost && (high === null || cost <= parseUsd(high));
}

function callOf(row: AttemptRow): string {
  return [row.query_id, row.purpose, row.stage, row.ordinal].join('/');
}

function byCall(attempts: readonly AttemptRow[]): Map<string, AttemptRow[]> {
  const calls = new Map<string, AttemptRow[]>();
  for (const row of attempts) calls.set(callOf(row), [...(calls.get(callOf(row)) ?? []), row]);
  return calls;
}

function countBy<Item>(items: readonly Item[], key: (item: Item) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}
