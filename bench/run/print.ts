import { goalsOf } from './goals.ts';
import { table } from './markdown.ts';
import { PROFILES, type Profile } from './profiles.ts';
import type { Report } from './report.ts';
import type { Figure } from './statistics.ts';
import { TITLES, VARIANTS, type VariantName } from './variants.ts';

/** The whole report as Markdown. */
export function printed(report: Report): string {
  const { machine, skipped } = report;
  return [
    `${machine.cores} × ${machine.model}, Node ${machine.node}, Postgres ${machine.postgres}; load before: ${machine.loadBefore.toFixed(1)}`,
    ...named(skipped).map(([name, why]) => `skipped: ${TITLES[name]}: ${why}`),
    ...(Object.keys(report.latency ?? {}) as Profile[]).map((profile) => latencyTable(report, profile)),
    ...(report.throughput === undefined ? [] : [throughputTable(report)]),
    ...(report.events === undefined ? [] : [eventsTable(report)]),
    ...(report.commits === undefined ? [] : [commitsTable(report)]),
    ...(report.memory === undefined ? [] : [memoryTable(report)]),
    ...(report.waiting === undefined ? [] : [waitingTable(report)]),
    ...(report.ledgerScale === undefined ? [] : [scaleTable(report)]),
    ...(report.coldStart === undefined ? [] : [coldStartTable(report)]),
    goalsTable(report),
  ].join('\n\n');
}

function latencyTable(report: Report, profile: Profile): string {
  const rows = named(report.latency?.[profile]).map(([name, { p50, p95, addedP50 }]) => [
    TITLES[name],
    spread(p50, 1),
    spread(p95, 1),
    addedP50 === null ? '' : addedP50.toFixed(1),
  ]);
  return table(
    `Latency of a two-stage cascade, one at a time, ms: ${PROFILES[profile].title}`,
    ['', 'p50 (rounds from–to)', 'p95 (rounds from–to)', 'added over the loop'],
    rows,
  );
}

function throughputTable(report: Report): string {
  const roles = ['temporal', 'worker', 'gateway', 'caller', 'postgres'];
  const rows = named(report.throughput).map(([name, { perSecond, cpuMs, serverAndWorkerMs }]) => [
    TITLES[name],
    spread(perSecond, 0),
    spread(serverAndWorkerMs, 1),
    ...roles.map((role) => cpuMs[role]?.median.toFixed(1) ?? ''),
  ]);
  return table(
    'Many at a time: cascades per second, and CPU per cascade in ms',
    ['', 'per second (rounds)', 'CPU without Postgres', ...roles],
    rows,
  );
}

function eventsTable(report: Report): string {
  const rows = named(report.events).map(([name, { events, bytes, byType }]) => [
    TITLES[name],
    events,
    bytes,
    byType['ACTIVITY_TASK_SCHEDULED'] ?? 0,
    byType['MARKER_RECORDED'] ?? 0,
    byType['WORKFLOW_TASK_COMPLETED'] ?? 0,
  ]);
  return table(
    'History of one cascade',
    ['', 'events', 'bytes', 'activities', 'markers (local activities)', 'workflow tasks'],
    rows,
  );
}

function commitsTable(report: Report): string {
  const rows = named(report.commits).map(([name, commits]) => [
    TITLES[name],
    commits.synchronousPerAttempt.toFixed(2),
    commits.synchronousPerCascade.toFixed(1),
    commits.transactionsPerCascade.toFixed(1),
  ]);
  return table(
    'Postgres, cascades one at a time',
    ['', 'synchronous commits per attempt', 'per cascade', 'transactions per cascade'],
    rows,
  );
}

function memoryTable(report: Report): string {
  const rows = named(report.memory).map(([name, { cascades, residentMb, ledgerBytes }]) => [
    TITLES[name],
    cascades,
    residentMb.map((megabytes) => megabytes.toFixed(0)).join(' '),
    (ledgerBytes / 1e3).toFixed(1),
  ]);
  return table(
    'Resident memory of the worker',
    ['', 'cascades', 'MB at first, then at each tenth', 'kB in the ledger for each'],
    rows,
  );
}

function waitingTable(report: Report): string {
  const rows = named(report.waiting).map(([name, waiting]) => [
    TITLES[name],
    waiting.cascades,
    waiting.mostWaiting,
    waiting.answered,
    counts(waiting.attempts),
    counts(waiting.failures),
    `${waiting.seconds.toFixed(0)} of at least ${waiting.leastSeconds}`,
    `${waiting.idleMb.toFixed(0)} → ${waiting.peakMb.toFixed(0)}`,
    Object.entries(waiting.cores)
      .map(([role, cores]) => `${role} ${cores.toFixed(2)}`)
      .join(', '),
  ]);
  return table(
    'Slow models, one worker',
    [
      '',
      'cascades',
      'held at once',
      'answered',
      'attempts',
      'failures',
      'seconds',
      'MB idle → peak',
      'cores',
    ],
    rows,
  );
}

function scaleTable(report: Report): string {
  const rows = (report.ledgerScale ?? []).map((each) => [
    each.workers,
    each.perSecond.toFixed(0),
    each.workerCores.toFixed(2),
    each.postgresCores.toFixed(2),
    each.cores,
  ]);
  return table(
    'The ledger alone: attempts opened and closed',
    ['workers', 'attempts/s', 'cores of workers', 'cores of Postgres', 'cores there are'],
    rows,
  );
}

function coldStartTable({ coldStart }: Report): string {
  if (coldStart === undefined) return '';
  const { firstSeconds, laterSeconds, encryptedSeconds } = coldStart;
  return table(
    '"escalier up" until it is up, seconds',
    ['on an empty folder', 'later (rounds)', 'later, encrypted (rounds)'],
    [[firstSeconds.toFixed(1), spread(laterSeconds, 1), spread(encryptedSeconds, 1)]],
  );
}

function goalsTable(report: Report): string {
  const rows = goalsOf(report).map(({ measure, of, goal, measured, met }) => [
    measure,
    isVariant(of) ? TITLES[of] : of,
    goal,
    measured ?? '',
    met === null ? 'not measured' : met ? 'met' : 'missed',
  ]);
  return table('Goals', ['measure', 'of', 'goal', 'measured', ''], rows);
}

function isVariant(name: string): name is VariantName {
  return name in TITLES;
}

function named<Value>(
  byVariant: Readonly<Partial<Record<VariantName, Value>>> | undefined,
): [VariantName, Value][] {
  return VARIANTS.flatMap((name): [VariantName, Value][] => {
    const value = byVariant?.[name];
    return value === undefined ? [] : [[name, value]];
  });
}

function spread({ median, least, most }: Figure, digits: number): string {
  const [middle, low, high] = [median, least, most].map((value) => value.toFixed(digits));
  return low === high ? `${middle}` : `${middle} (${low}–${high})`;
}

function counts(by: Readonly<Record<string, number>>): string {
  return Object.entries(by)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}
