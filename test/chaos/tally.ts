import { formatUsd, parseUsd } from '../../core/money.ts';
import type { Check } from './audit.ts';
import type { Books, SpendClass } from './books.ts';
import { KILL_KINDS, type KillKind } from './kill-plan.ts';

export interface Run {
  readonly seed: number;
  readonly seconds: number;
  readonly kills: ReadonlyMap<KillKind, number>;
}

/** What a run did and found, in JSON. Money in decimal dollars. */
export interface Tally {
  readonly seed: number;
  readonly seconds: number;
  readonly kills: { readonly total: number } & Partial<Record<KillKind, number>>;
  readonly worker_exits: Readonly<Record<string, number>>;
  readonly queries: Readonly<Record<string, number>>;
  /** How often callers were told that Temporal did not answer, and asked again. */
  readonly told_unavailable: Readonly<Record<string, number>>;
  readonly requests: { readonly made: number; readonly billed: number };
  readonly rows: Readonly<Record<string, number>>;
  readonly metered_usd: string;
  readonly ledger_low_usd: string;
  readonly ledger_high_usd: string | null;
  readonly spend: readonly SpendClass[];
  readonly checks: Readonly<Record<string, { violations: number; first: readonly string[] }>>;
  readonly ok: boolean;
}

const SHOWN_VIOLATIONS = 5;

export function tallyOf(books: Books, checks: readonly Check[], run: Run): Tally {
  const { meter, attempts, asked } = books;
  const total = [...run.kills.values()].reduce((sum, count) => sum + count, 0);
  return {
    seed: run.seed,
    seconds: Math.round(run.seconds),
    kills: {
      total,
      ...Object.fromEntries(KILL_KINDS.map((kind) => [kind, run.kills.get(kind) ?? 0])),
    },
    worker_exits: Object.fromEntries(books.exits),
    queries: counts(asked.map(({ answer, error }) => answer?.outcome ?? error ?? 'nothing')),
    told_unavailable: counts(asked.flatMap(({ unavailable }) => unavailable)),
    requests: { made: meter.length, billed: meter.filter(({ billed }) => billed).length },
    rows: counts(attempts.map(({ status }) => status)),
    metered_usd: formatUsd(meter.reduce((sum, entry) => sum + parseUsd(entry.billed_usd), 0n)),
    ledger_low_usd: plain(books.total.low),
    ledger_high_usd: books.total.high === null ? null : plain(books.total.high),
    spend: books.classes.map((part) => ({
      ...part,
      low: plain(part.low),
      high: part.high === null ? null : plain(part.high),
    })),
    checks: Object.fromEntries(
      checks.map(({ name, violations }) => [
        name,
        { violations: violations.length, first: violations.slice(0, SHOWN_VIOLATIONS) },
      ]),
    ),
    ok: checks.every(({ violations }) => violations.length === 0),
  };
}

/** For people. */
export function showTally(tally: Tally): string {
  const { total, ...kinds } = tally.kills;
  const section = (title: string, entries: readonly (readonly [string, string | number])[]): string[] =>
    entries.length === 0
      ? []
      : [title, ...entries.map(([name, value]) => `  ${name.padEnd(54)} ${value}`), ''];
  return [
    ...section(`${total} kills in ${tally.seconds} s, seed ${tally.seed}`, Object.entries(kinds)),
    ...section('Workers that ended without being killed', Object.entries(tally.worker_exits)),
    ...section('Queries by outcome', Object.entries(tally.queries)),
    ...section(
      'Callers told that Temporal was away, who asked again',
      Object.entries(tally.told_unavailable),
    ),
    ...section('Requests at the vendor', Object.entries(tally.requests)),
    ...section('Rows in the ledger', Object.entries(tally.rows)),
    ...section('USD', [
      ['metered', tally.metered_usd],
      ['ledger, at least', tally.ledger_low_usd],
      ['ledger, at most', tally.ledger_high_usd ?? 'unknown'],
    ]),
    ...section(
      'Spend by class: attempts, USD',
      tally.spend.map((part) => [part.spend_class, `${part.attempts}  ${boundsOf(part)}`]),
    ),
    ...section(
      'Checks',
      Object.entries(tally.checks).map(([name, { violations, first }]) => [
        name,
        violations === 0 ? 'ok' : `${violations} violations: ${first.join('; ')}`,
      ]),
    ),
  ].join('\n');
}

function boundsOf({ low, high }: SpendClass): string {
  return low === high ? low : `${low} to ${high ?? 'unknown'}`;
}

function plain(usd: string): string {
  return formatUsd(parseUsd(usd));
}

function counts(names: readonly string[]): Record<string, number> {
  const result: Record<string, number> = {};
  for (const name of names) result[name] = (result[name] ?? 0) + 1;
  return result;
}
