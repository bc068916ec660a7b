import { beforeAll, describe, expect, test } from 'vitest';
import { CascadeError, type CascadeAnswer } from '../client/index.ts';
import { demoPolicy } from '../cli/demo/policy.ts';
import { formatUsd, parseUsd } from '../core/money.ts';
import type { Policy } from '../core/policy.ts';
import type { FaultPlanInput } from '../replay/faults.ts';
import type { MeterEntry } from '../replay/meter.ts';
import { askOf, inParallel, useReplayWorld, withModels } from './support/replay-world.ts';

const CHAIN = ['small', 'medium', 'large'];
/** Of Temporal's, all at once: what takes time here is waiting between retries. */
const CONCURRENCY = 40;
/** A stall lasts as long as the request's timeout; no answer of the replay provider takes a tenth of it. */
const TIMEOUT_MS = 4_000;

const OUTCOMES = ['accepted', 'last-stage', 'budget', 'deadline', 'exhausted', 'cancelled', 'failed'];

interface Row {
  readonly attempt_id: string;
  readonly model: string;
  readonly status: string;
  readonly failure_kind: string | null;
  readonly input_tokens: string | null;
  readonly cached_input_tokens: string | null;
  readonly output_tokens: string | null;
  readonly cost_low_usd: string;
  readonly cost_high_usd: string | null;
  readonly cost_usd: string | null;
  readonly cost_source: string;
  readonly response_id: string | null;
  readonly request_id: string | null;
}

const world = useReplayWorld({ seed: 20_260_101 });
let policy: Policy;

beforeAll(() => {
  policy = demoPolicy(world.set, CHAIN);
});

/** Serves queries under a task of its own, and returns what came of each. */
async function serve(task: string, own: Policy, count: number): Promise<(CascadeAnswer | CascadeError)[]> {
  await world.apply({ ...own, task });
  return inParallel(world.set.queries.slice(0, count), CONCURRENCY, (query) =>
    world.client.ask(askOf(query, task)).catch((error: unknown) => {
      if (error instanceof CascadeError) return error;
      throw error;
    }),
  );
}

async function rowsOfTask(task: string): Promise<Row[]> {
  const { rows } = await world.database.pool.query<Row>('select * from attempts where task = $1', [task]);
  return rows;
}

async function totalOfTask(task: string): Promise<string> {
  const { rows } = await world.database.pool.query<{ total: string }>(
    'select sum(cost_usd)::text as total from attempts where task = $1',
    [task],
  );
  return formatUsd(parseUsd(rows[0]!.total));
}

/** The meter's entries by the attempt id that the request carried. */
function metered(): Map<string, MeterEntry> {
  const entries = world.replay.meter.entries();
  const byId = new Map(entries.map((entry) => [entry.client_request_id ?? '', entry]));
  expect(byId.size, 'every request carries an id of its own').toBe(entries.length);
  return byId;
}

test.each([false, true])('without faults the ledger equals the meter (streaming: %s)', async (stream) => {
  await world.setFaults({});
  const task = `plain-${stream ? 'streamed' : 'whole'}`;
  const answers = await serve(
    task,
    withModels(policy, () => ({ stream })),
    60,
  );
  expect(answers.filter((answer) => answer instanceof Error)).toEqual([]);

  const rows = await rowsOfTask(task);
  const meter = metered();
  expect(rows.map((row) => row.attempt_id).sort()).toEqual([...meter.keys()].sort());
  expect(await totalOfTask(task)).toBe(world.replay.meter.summary().billed_usd);
  for (const row of rows) {
    const entry = meter.get(row.attempt_id)!;
    expect(row).toMatchObject({
      model: entry.model,
      status: 'succeeded',
      cost_source: 'catalogue',
      input_tokens: String(entry.billed_usage.input_tokens),
      cached_input_tokens: String(entry.billed_usage.cached_tokens),
      output_tokens: String(entry.billed_usage.output_tokens),
      response_id: entry.response_id,
      request_id: entry.request_id,
    });
    expect(formatUsd(parseUsd(row.cost_usd!))).toBe(entry.billed_usd);
  }
  // What the callers were told they paid is what the ledger says.
  const told = answers.reduce((sum, answer) => sum + parseUsd(answer.costUsd!), 0n);
  expect(formatUsd(told)).toBe(world.replay.meter.summary().billed_usd);
});

describe('with one request in ten failing in each way', () => {
  const FAULTS: FaultPlanInput = {
    rates: [
      { probability: 0.1, fault: { kind: 'rate-limit', retry_after_seconds: 0.2 } },
      { probability: 0.05, fault: { kind: 'server-error', billed: false } },
      { probability: 0.05, fault: { kind: 'server-error', billed: true } },
      { probability: 0.1, fault: { kind: 'error-with-usage' } },
      { probability: 0.1, fault: { kind: 'stall' } },
      { probability: 0.05, fault: { kind: 'cut-connection', billed: true } },
      { probability: 0.05, fault: { kind: 'cut-connection', billed: false } },
      { probability: 0.1, fault: { kind: 'cut-stream' } },
      { probability: 0.1, fault: { kind: 'malformed-json' } },
      { probability: 0.1, fault: { kind: 'empty-content' } },
      { probability: 0.05, fault: { kind: 'wrong-usage', factor: 0.5 } },
      { probability: 0.05, fault: { kind: 'wrong-usage', factor: 3 } },
    ],
  };
  const KINDS = new Set(FAULTS.rates!.map(({ fault }) => fault.kind));
  const TASK = 'faulty';
  let results: (CascadeAnswer | CascadeError)[];
  let rows: Row[];
  let meter: Map<string, MeterEntry>;

  /** On a machine that is busy enough a request's time is over before what the vendor sent has been read, and is not known then. */
  const late = (row: Row): boolean =>
    row.failure_kind === 'timeout' && meter.get(row.attempt_id)?.fault !== 'stall';

  beforeAll(async () => {
    await world.setFaults(FAULTS);
    // The middle stage streams, the others do not.
    const mixed = withModels(policy, (_, stage) => ({ stream: stage === 1, timeoutMs: TIMEOUT_MS }));
    results = await serve(TASK, mixed, 100);
    rows = await rowsOfTask(TASK);
    meter = metered();
  });

  test('every kind of fault happened, to streams and to whole responses', () => {
    const seen = (streamed: boolean) =>
      new Set(
        [...meter.values()]
          .filter(({ model }) => (model === 'medium') === streamed)
          .flatMap(({ fault }) => (fault === null ? [] : [fault])),
      );
    expect(seen(true)).toEqual(KINDS);
    expect(seen(false)).toEqual(KINDS);
  });

  test('every query ends in a named outcome, and every row is closed', async () => {
    for (const result of results) {
      expect(OUTCOMES).toContain(result instanceof CascadeError ? result.code : result.outcome);
    }
    expect(results.filter((result) => !(result instanceof Error)).length).toBeGreaterThan(50);
    const { rows: queries } = await world.database.pool.query<{ status: string; count: string }>(
      'select status, count(*) from queries where task = $1 group by status',
      [TASK],
    );
    expect(queries).toEqual([{ status: 'ended', count: String(results.length) }]);
    expect(rows.filter(({ status }) => status === 'started' || status === 'orphaned')).toEqual([]);
  });

  test('every request has exactly one row, and every row at most one request', () => {
    const ids = rows.map((row) => row.attempt_id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...meter.keys()].filter((id) => !ids.includes(id))).toEqual([]);
  });

  test('where usage arrived the row equals it, digit for digit', () => {
    let reports = 0;
    for (const row of rows) {
      const entry = meter.get(row.attempt_id);
      if (!entry?.reported || late(row)) continue;
      reports++;
      expect({ fault: entry.fault, ...usageOf(row) }).toEqual({
        fault: entry.fault,
        input: String(entry.reported.input_tokens),
        cached: String(entry.reported.cached_tokens),
        output: String(entry.reported.output_tokens),
        cost: entry.reported_usd,
      });
    }
    expect(reports).toBeGreaterThan(100);
  });

  test('elsewhere the meter’s cost lies within the row’s low and high', () => {
    let bounded = 0;
    for (const row of rows) {
      const entry = meter.get(row.attempt_id);
      if (entry === undefined || (entry.reported !== null && !late(row))) continue;
      bounded++;
      const billed = parseUsd(entry.billed_usd);
      const about = `${entry.fault ?? 'no fault'}: ${row.cost_low_usd} <= ${entry.billed_usd} <= ${row.cost_high_usd ?? 'unknown'}`;
      expect(row.cost_high_usd, about).not.toBeNull();
      expect(parseUsd(row.cost_low_usd) <= billed && billed <= parseUsd(row.cost_high_usd!), about).toBe(
        true,
      );
      expect(usageOf(row)).toMatchObject({ input: null, output: null });
    }
    expect(bounded).toBeGreaterThan(50);
  });

  test('a response that began proves a low above zero, in streams and whole responses; an error proves nothing', () => {
    const low = (fault: string, streamed: boolean) =>
      rows.flatMap((row) => {
        const entry = meter.get(row.attempt_id);
        const wanted = entry?.fault === fault && (entry.model === 'medium') === streamed;
        return wanted && !late(row) ? [parseUsd(row.cost_low_usd)] : [];
      });
    for (const streamed of [true, false]) {
      for (const fault of ['cut-stream', 'malformed-json']) {
        const lows = low(fault, streamed);
        expect(lows.length).toBeGreaterThan(0);
        expect(lows.filter((each) => each === 0n)).toEqual([]);
      }
      for (const fault of ['server-error', 'stall', 'cut-connection']) {
        expect(low(fault, streamed).filter((each) => each !== 0n)).toEqual([]);
      }
    }
  });

  test('an empty response whose usage came has failed, at its exact cost', () => {
    const empty = rows.filter((row) => meter.get(row.attempt_id)?.fault === 'empty-content' && !late(row));
    expect(empty.length).toBeGreaterThan(0);
    for (const row of empty) {
      expect(row).toMatchObject({
        status: 'failed',
        failure_kind: 'empty-response',
        cost_source: 'catalogue',
      });
      expect(formatUsd(parseUsd(row.cost_usd!))).toBe(meter.get(row.attempt_id)!.billed_usd);
    }
  });

  test('a row without a billed request has a low of zero', () => {
    const unbilled = rows.filter(({ attempt_id }) => meter.get(attempt_id)?.billed !== true);
    expect(unbilled.length).toBeGreaterThan(20);
    expect(unbilled.filter(({ cost_low_usd }) => parseUsd(cost_low_usd) !== 0n)).toEqual([]);
  });

  test('what callers were told is the sum of their rows', async () => {
    const low = results.reduce((sum, result) => sum + parseUsd(result.costLowUsd), 0n);
    const { rows: sums } = await world.database.pool.query<{ low: string }>(
      'select sum(cost_low_usd)::text as low from attempts where task = $1',
      [TASK],
    );
    expect(low).toBe(parseUsd(sums[0]!.low));
  });
});

function usageOf(row: Row) {
  return {
    input: row.input_tokens,
    cached: row.cached_input_tokens,
    output: row.output_tokens,
    cost: row.cost_usd === null ? null : formatUsd(parseUsd(row.cost_usd)),
  };
}
