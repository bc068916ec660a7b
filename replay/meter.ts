import { formatUsd, type DecimalUsd, type Picodollars } from '../core/money.ts';
import { NOTHING_METERED, type MeteredUsage } from './usage.ts';

/** One request that reached the server, in the form of `GET /meter`. */
export interface MeterEntry {
  /** From 1, in the order of arrival. */
  readonly sequence: number;
  readonly received_at: string;
  /** The request's `X-Client-Request-Id`. */
  readonly client_request_id: string | null;
  /** As it was asked for; null where the request could not be read. */
  readonly model: string | null;
  /** Null where the set does not have the query. */
  readonly query_id: string | null;
  readonly fault: string | null;
  /** Null while nothing has been sent: a stall, a cut connection, a client that left before. */
  readonly status: number | null;
  readonly billed: boolean;
  readonly billed_usage: MeteredUsage;
  /** Exact. */
  readonly billed_usd: DecimalUsd;
  /** The usage that was sent in readable form; null where none was. */
  readonly reported: MeteredUsage | null;
  /** What the reported usage would cost. */
  readonly reported_usd: DecimalUsd | null;
  /** Whether the client closed the connection before the response was complete. It is billed all the same. */
  readonly aborted_by_client: boolean;
  readonly response_id: string;
  /** The response's `x-request-id`. */
  readonly request_id: string;
}

export interface MeterSummary {
  readonly requests: number;
  readonly billed_usd: DecimalUsd;
  readonly reported_usd: DecimalUsd;
}

/** What the vendor knows it has billed and said: the truth that a ledger is checked against. */
export interface Meter {
  /** In the order of arrival; entries of running requests change until they are answered. */
  entries(): readonly MeterEntry[];
  /** The entry whose response has this id. */
  entryOf(responseId: string): MeterEntry | undefined;
  billed(): Picodollars;
  reported(): Picodollars;
  summary(): MeterSummary;
  reset(): void;
}

/** Writes one entry while its request runs. What is written after a {@link Meter.reset} is seen by nobody. */
export interface OpenEntry {
  /** Just before the response's head is sent. */
  answer(status: number): void;
  /** Just before a usage is sent. */
  report(usage: MeteredUsage): void;
  /** The client has closed the connection. */
  abort(): void;
}

export interface Arrival {
  readonly clientRequestId: string | null;
  readonly model: string | null;
  readonly queryId: string | null;
  readonly fault: string | null;
  /** Null where the request is not billed. */
  readonly billed: MeteredUsage | null;
  /** The model's prices. */
  readonly cost: (usage: MeteredUsage) => Picodollars;
  readonly responseId: string;
  readonly requestId: string;
}

export function createMeter(): Meter & { open(arrival: Arrival): OpenEntry } {
  let rows: { entry: MeterEntry; billed: Picodollars; reported: Picodollars }[] = [];
  const sum = (of: 'billed' | 'reported'): Picodollars => rows.reduce((total, row) => total + row[of], 0n);
  return {
    entries: () => rows.map(({ entry }) => ({ ...entry })),
    entryOf: (responseId) => rows.find(({ entry }) => entry.response_id === responseId)?.entry,
    billed: () => sum('billed'),
    reported: () => sum('reported'),
    summary: () => ({
      requests: rows.length,
      billed_usd: formatUsd(sum('billed')),
      reported_usd: formatUsd(sum('reported')),
    }),
    reset() {
      rows = [];
    },
    open(arrival) {
      const billed = arrival.billed === null ? 0n : arrival.cost(arrival.billed);
      const row = { entry: entryOf(arrival, rows.length + 1, billed), billed, reported: 0n };
      rows.push(row);
      return {
        answer(status) {
          row.entry = { ...row.entry, status };
        },
        report(usage) {
          row.reported = arrival.cost(usage);
          row.entry = { ...row.entry, reported: usage, reported_usd: formatUsd(row.reported) };
        },
        abort() {
          row.entry = { ...row.entry, aborted_by_client: true };
        },
      };
    },
  };
}

function entryOf(arrival: Arrival, sequence: number, billed: Picodollars): MeterEntry {
  return {
    sequence,
    received_at: new Date().toISOString(),
    client_request_id: arrival.clientRequestId,
    model: arrival.model,
    query_id: arrival.queryId,
    fault: arrival.fault,
    status: null,
    billed: arrival.billed !== null,
    billed_usage: arrival.billed ?? NOTHING_METERED,
    billed_usd: formatUsd(billed),
    reported: null,
    reported_usd: null,
    aborted_by_client: false,
    response_id: arrival.responseId,
    request_id: arrival.requestId,
  };
}
