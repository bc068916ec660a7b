import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Orders } from './child-side.ts';
import type { Job, JobDone } from './jobs.ts';

/** A worker bundles its workflow at most, and connects; a loaded machine gets ten times what that takes (ms). */
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 60_000;

/** A process of the benchmark: one of `bench/processes/`. */
export interface Child {
  readonly pid: number;
  /** @throws {Error} when the process ends before the job does. */
  run(job: Job): Promise<JobDone>;
  /** Lets it end, and waits for it. */
  stop(): Promise<void>;
}

/** Starts a process and waits until it is ready. @throws {Error} with the end of what it said, where it ends before. */
export async function startChild(
  name: string,
  orders: Orders,
  env: NodeJS.ProcessEnv = {},
): Promise<Child & { readonly said: unknown }> {
  const entry = fileURLToPath(new URL(`../processes/${name}.js`, import.meta.url));
  const child = fork(entry, [JSON.stringify(orders)], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-4_000);
  });
  const died = once(child, 'exit').then(([code, signal]) => {
    throw new Error(`${name} ended (${String(code ?? signal)}): ${words.trim()}`);
  });
  // Whoever waits for a job hears of it.
  died.catch(() => undefined);
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const ready = AbortSignal.timeout(READY_WITHIN_MS);
  const [said] = (await Promise.race([once(child, 'message', { signal: ready }), died])) as [unknown];
  let count = 0;
  return {
    pid: child.pid ?? 0,
    said,
    run(job) {
      const id = count++;
      child.send({ id, job });
      return Promise.race([answerTo(child, id), died]);
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const timer = setTimeout(kill, STOP_WITHIN_MS);
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
      clearTimeout(timer);
    },
  };
}

function answerTo(child: ChildProcess, id: number): Promise<JobDone> {
  return new Promise((resolve) => {
    const listen = (message: { readonly id: number; readonly done: JobDone }): void => {
      if (message.id !== id) return;
      child.off('message', listen);
      resolve(message.done);
    };
    child.on('message', listen);
  });
}
