import { setTimeout as sleep } from 'node:timers/promises';
import type { Profile } from './profiles.ts';

/** What a variant's process is told to do, over IPC. */
export type Job =
  /** One cascade after the other, each when what the one before has left behind is done: a workflow's close, a cache's entry. */
  | { readonly kind: 'serial'; readonly profile: Profile; readonly count: number }
  /** So many at once: a new one begins when one ends, until `seconds` are over, and three times as many at least. */
  | {
      readonly kind: 'sustained';
      readonly profile: Profile;
      readonly atOnce: number;
      readonly seconds: number;
    }
  /**
   * An open loop: so many begin each second, evenly, however long the others take. A latency counts from the instant at which
   * a cascade was due, so that one which had to wait for its start is not told better than it was.
   */
  | { readonly kind: 'open'; readonly profile: Profile; readonly rate: number; readonly seconds: number }
  /** All of them, so many at once. */
  | { readonly kind: 'all'; readonly profile: Profile; readonly atOnce: number; readonly count: number };

export interface JobDone {
  /** Of each cascade, in milliseconds, in the order in which they ended. */
  readonly latenciesMs: readonly number[];
  /** When each ended, in milliseconds from the job's begin. */
  readonly endedAtMs: readonly number[];
  /** When the last one was started. */
  readonly lastStartMs: number;
  /** Distinct messages of cascades that failed, with how many each. */
  readonly failures: Readonly<Record<string, number>>;
  /** The last cascade's workflow id, where the variant has one. */
  readonly lastId: string | null;
}

/** Runs one cascade. @returns its workflow id, where it has one. @throws when it does not end in the second model's answer. */
export type Ask = (profile: Profile) => Promise<string | null>;

/** Of two cores, what comes after an answer takes less. */
const SETTLES_IN_MS = 60;

/** The first as many as are under way at once are not counted: they began together. */
const ENOUGH = 3;

export async function runJob(ask: Ask, job: Job): Promise<JobDone> {
  const latenciesMs: number[] = [];
  const endedAtMs: number[] = [];
  const failures: Record<string, number> = {};
  let lastId: string | null = null;
  let lastStartMs = 0;
  const begun = performance.now();
  const one = async (due = performance.now()): Promise<void> => {
    lastStartMs = performance.now() - begun;
    try {
      lastId = await ask(job.profile);
      const ended = performance.now();
      latenciesMs.push(ended - due);
      endedAtMs.push(ended - begun);
    } catch (error) {
      const message = describe(error);
      failures[message] = (failures[message] ?? 0) + 1;
    }
  };
  if (job.kind === 'open') {
    await atRate(job, begun, one);
    return { latenciesMs, endedAtMs, lastStartMs, failures, lastId };
  }
  let started = 0;
  const more = (): boolean =>
    job.kind === 'sustained'
      ? performance.now() - begun < job.seconds * 1_000 || started < ENOUGH * job.atOnce
      : started < job.count;
  const caller = async (): Promise<void> => {
    while (more()) {
      started += 1;
      await one();
      if (job.kind === 'serial') await sleep(SETTLES_IN_MS);
    }
  };
  const callers = job.kind === 'serial' ? 1 : job.atOnce;
  await Promise.all(Array.from({ length: callers }, caller));
  return { latenciesMs, endedAtMs, lastStartMs, failures, lastId };
}

async function atRate(
  { rate, seconds }: Extract<Job, { kind: 'open' }>,
  begun: number,
  one: (due: number) => Promise<void>,
): Promise<void> {
  const under: Promise<void>[] = [];
  for (let index = 0; index < rate * seconds; index += 1) {
    const due = begun + (index * 1_000) / rate;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    under.push(one(due));
  }
  await Promise.all(under);
}

/** With its causes: a client's "Connection error" says little. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${describe(error.cause)}`;
}
