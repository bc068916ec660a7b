/**
 * What larger loads need, by the costs of a cascade that `npm run bench` measured: the tables of docs/scale.md.
 *
 *     npm run bench -- --only throughput,events,commits,memory
 *     npm run bench:scale -- --results bench.json
 */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { heartbeatTimeout } from '../core/stage-work.ts';
import { heartbeatInterval } from '../activities/heartbeats.ts';
import { table } from './run/markdown.ts';
import type { Report } from './run/report.ts';
import type { VariantName } from './run/variants.ts';

const { values } = parseArgs({ options: { results: { type: 'string', default: 'bench.json' } } });
const report = JSON.parse(await readFile(values.results, 'utf8')) as Report;

interface Load {
  readonly name: string;
  readonly perDay: number;
  /** In the busiest seconds. */
  readonly perSecond: number;
}

const DAY = 86_400;
/** Working hours of one region: the busiest second has ten times the month's mean. */
const PEAK = 10;
const MONTHLY = 10_000_000;
const DAYS_A_MONTH = 30;
const LOADS: readonly Load[] = [
  {
    name: '10M a month',
    perDay: MONTHLY / DAYS_A_MONTH,
    perSecond: (PEAK * MONTHLY) / (DAYS_A_MONTH * DAY),
  },
  { name: '1,000/s', perDay: 1_000 * DAY, perSecond: 1_000 },
  { name: '100,000/s', perDay: 100_000 * DAY, perSecond: 100_000 },
];
/** Seconds that a cascade spends at its models: two calls of five seconds. */
const SECONDS_AT_MODELS = 10;
/** Durable calls that a worker holds, where there are so many: each then sends fewer heartbeats. Inline ones send none. */
const CALLS_A_WORKER = 2_000;
/** A model's own, where the settings say nothing. */
const REQUEST_TIMEOUT_MS = 60_000;
/** Of cores, where nothing is to wait for a processor. */
const BUSY = 0.6;

for (const name of ['durable-plain', 'inline-plain'] as const) {
  const costs = costsOf(name);
  if (costs === null) continue;
  console.log(costTable(name, costs));
  console.log(`\n${needsTable(costs, name === 'durable-plain')}\n`);
}

interface Costs {
  readonly temporalMs: number;
  readonly workerMs: number;
  readonly postgresMs: number;
  readonly events: number;
  readonly historyBytes: number;
  readonly commits: number;
  readonly ledgerBytes: number | null;
}

function costsOf(name: VariantName): Costs | null {
  const throughput = report.throughput?.[name];
  const history = report.events?.[name];
  const commits = report.commits?.[name];
  if (throughput === undefined || history === undefined || commits === undefined) return null;
  const cpu = (role: string): number => throughput.cpuMs[role]?.median ?? Number.NaN;
  return {
    temporalMs: cpu('temporal'),
    workerMs: cpu('worker'),
    postgresMs: cpu('postgres'),
    events: history.events,
    historyBytes: history.bytes,
    commits: commits.synchronousPerCascade,
    ledgerBytes: report.memory?.[name]?.ledgerBytes ?? null,
  };
}

function costTable(name: string, costs: Costs): string {
  return table(
    `A two-stage cascade, ${name}`,
    ['cost', 'measured', 'by the section'],
    [
      ['CPU of Temporal', `${costs.temporalMs.toFixed(0)} ms`, 'throughput'],
      ['CPU of the worker, its client among it', `${costs.workerMs.toFixed(0)} ms`, 'throughput'],
      ['CPU of Postgres', `${costs.postgresMs.toFixed(0)} ms`, 'throughput'],
      ['history', `${costs.events} events, ${(costs.historyBytes / 1e3).toFixed(1)} kB`, 'events'],
      ['synchronous commits in the ledger', costs.commits.toFixed(1), 'commits'],
      [
        'ledger, with texts and indexes',
        costs.ledgerBytes === null ? 'not measured' : `${(costs.ledgerBytes / 1e3).toFixed(1)} kB`,
        'memory',
      ],
    ],
  );
}

function needsTable(costs: Costs, durable: boolean): string {
  const row = (need: string, of: (load: Load) => number | null): string[] => [
    need,
    ...LOADS.map((load) => rounded(of(load))),
  ];
  const cores = (ms: number) => (load: Load) => (load.perSecond * ms) / 1_000 / BUSY;
  return table(
    `What it comes to, with cores ${BUSY * 100}% busy`,
    ['', ...LOADS.map(({ name }) => name)],
    [
      row('cascades a second, at the peak', ({ perSecond }) => perSecond),
      row('cores for Temporal', cores(costs.temporalMs)),
      row('cores for workers', cores(costs.workerMs)),
      row('cores for the ledger’s Postgres', cores(costs.postgresMs)),
      row('history events a second', ({ perSecond }) => perSecond * costs.events),
      row('history a day, GB', ({ perDay }) => (perDay * costs.historyBytes) / 1e9),
      row('synchronous commits a second', ({ perSecond }) => perSecond * costs.commits),
      row('ledger a month, GB', ({ perDay }) =>
        costs.ledgerBytes === null ? null : (perDay * DAYS_A_MONTH * costs.ledgerBytes) / 1e9,
      ),
      row(
        `requests open at once, ${SECONDS_AT_MODELS} s at models`,
        ({ perSecond }) => perSecond * SECONDS_AT_MODELS,
      ),
      row('their heartbeats a second', ({ perSecond }) => {
        const open = perSecond * SECONDS_AT_MODELS;
        return durable
          ? (1_000 * open) /
              heartbeatInterval(Math.min(open, CALLS_A_WORKER), heartbeatTimeout(REQUEST_TIMEOUT_MS))
          : 0;
      }),
    ],
  );
}

/** To two digits: the rest is noise. */
function rounded(value: number | null): string {
  if (value === null) return '';
  return Number(value.toPrecision(2)).toLocaleString('en-US', { maximumFractionDigits: 1 });
}
