import type { Report } from './report.ts';
import type { VariantName } from './variants.ts';

/** What is wanted, and whether this run shows it. Null: it was not measured. */
export interface Goal {
  readonly measure: string;
  readonly of: string;
  readonly goal: string;
  readonly measured: string | null;
  readonly met: boolean | null;
}

/** Up to this share more memory after the first third of a run counts as flat: the heap of Node breathes as much. */
const FLAT = 0.1;

/** The goals, by this run's figures. */
export function goalsOf(report: Report): Goal[] {
  const added = (name: VariantName) => report.latency?.instant?.[name]?.addedP50 ?? null;
  const rate = (name: VariantName) => report.throughput?.[name]?.perSecond.median ?? null;
  const cpu = (name: VariantName) => report.throughput?.[name]?.serverAndWorkerMs.median ?? null;
  const events = (name: VariantName) => report.events?.[name]?.events ?? null;
  const commits = (name: VariantName) => report.commits?.[name]?.synchronousPerAttempt ?? null;

  const goals: Goal[] = [];
  for (const of of ['inline-eager', 'inline-plain'] as const) {
    const latency = 'added latency p50, one at a time';
    goals.push(
      ratio(latency, of, 'naive stock', '≤', 0.08, added(of), added('naive-stock')),
      ratio(latency, of, 'naive tuned', '≤', 0.5, added(of), added('naive-tuned')),
      ratio(latency, of, 'two LiteLLM calls', '<', 1, added(of), added('litellm')),
      ratio('cascades per second, 50 at a time', of, 'naive tuned', '≥', 2, rate(of), rate('naive-tuned')),
      ratio(
        'cascades per second, 50 at a time',
        of,
        'two LiteLLM calls',
        '≥',
        1.3,
        rate(of),
        rate('litellm'),
      ),
      ratio('CPU, server and worker', of, 'naive tuned', '≤', 0.5, cpu(of), cpu('naive-tuned')),
      ratio('history events', of, 'naive', '≤', 0.6, events(of), events('naive-tuned')),
    );
  }
  for (const of of ['durable-eager', 'durable-plain'] as const) {
    goals.push(
      ratio(
        'added latency p50, one at a time',
        of,
        'naive tuned',
        '≤',
        0.85,
        added(of),
        added('naive-tuned'),
      ),
      ratio('history events', of, 'naive', '≤', 0.75, events(of), events('naive-tuned')),
    );
  }
  for (const of of ['durable-plain', 'inline-plain'] as const) {
    goals.push(commitGoal(of, commits(of)), ...memoryGoals(report, of), ...waitingGoals(report, of));
  }
  return [...goals, scaleGoal(report), coldStartGoal(report)];
}

function ratio(
  measure: string,
  of: VariantName,
  to: string,
  sign: '≤' | '<' | '≥',
  limit: number,
  value: number | null,
  base: number | null,
): Goal {
  const goal = sign === '<' ? `below ${to}` : `${sign} ${limit} × ${to}`;
  if (value === null || base === null) return { measure, of, goal, measured: null, met: null };
  const share = value / base;
  const met = sign === '≥' ? share >= limit : sign === '≤' ? share <= limit : share < limit;
  return { measure, of, goal, measured: `${share.toFixed(2)} × ${to}`, met };
}

function commitGoal(of: VariantName, value: number | null): Goal {
  return {
    measure: 'synchronous commits per attempt',
    of,
    goal: '2',
    measured: value === null ? null : value.toFixed(2),
    // A background flush may come to a session's help, or a checkpoint in its way.
    met: value === null ? null : value < 2.05,
  };
}

function memoryGoals(report: Report, of: VariantName): Goal[] {
  const memory = report.memory?.[of];
  const words = (growth: number) => `${growth < 0 ? '' : '+'}${(growth * 100).toFixed(0)}%`;
  return [
    {
      measure: `worker memory after ${memory?.cascades ?? 10_000} cascades`,
      of,
      goal: 'flat',
      measured:
        memory === undefined
          ? null
          : `${memory.residentMb.at(-1)?.toFixed(0) ?? ''} MB, ${words(memory.growth)} after the first third`,
      met: memory === undefined ? null : memory.growth <= FLAT,
    },
  ];
}

function waitingGoals(report: Report, of: VariantName): Goal[] {
  const waiting = report.waiting?.[of];
  const attempts = Object.values(waiting?.attempts ?? {}).reduce((sum, count) => sum + count, 0);
  return [
    {
      measure: `${waiting?.cascades ?? 2_000} cascades that wait ${waiting?.waitSeconds ?? 30} s at each stage, one worker`,
      of,
      goal: 'all held, no timeouts, memory stated',
      measured:
        waiting === undefined
          ? null
          : `${waiting.mostWaiting} held at once, ${waiting.answered} answered, ${attempts} attempts, ${waiting.peakMb.toFixed(0)} MB`,
      met:
        waiting === undefined
          ? null
          : waiting.mostWaiting === waiting.cascades &&
            waiting.answered === waiting.cascades &&
            waiting.attempts['succeeded'] === attempts &&
            attempts === 2 * waiting.cascades,
    },
  ];
}

function scaleGoal({ ledgerScale }: Report): Goal {
  const goal = {
    measure: 'ledger writes with 1, 2, 4 workers',
    of: 'ledger',
    goal: 'scale until Postgres or the cores are full',
  };
  if (ledgerScale === undefined) return { ...goal, measured: null, met: null };
  const rates = ledgerScale.map(({ perSecond }) => perSecond.toFixed(0)).join(', ');
  const fullest = ledgerScale.map((each) => (each.workerCores + each.postgresCores) / each.cores);
  const full = Math.max(...fullest);
  const scales = ledgerScale.every(
    (each, index) =>
      index === 0 ||
      each.perSecond > (ledgerScale[index - 1]?.perSecond ?? 0) * 1.05 ||
      // Others on the machine, and the kernel, take the rest.
      (fullest[index] ?? 0) > 0.85,
  );
  return {
    ...goal,
    measured: `${rates} attempts/s; ${(full * 100).toFixed(0)}% of the cores in use at most`,
    met: scales,
  };
}

function coldStartGoal({ coldStart }: Report): Goal {
  const seconds = coldStart?.laterSeconds.median ?? null;
  return {
    measure: '"escalier up" ready, once installed',
    of: 'cold start',
    goal: '< 5 s',
    measured: seconds === null ? null : `${seconds.toFixed(1)} s`,
    met: seconds === null ? null : seconds < 5,
  };
}
