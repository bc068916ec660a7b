import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PointKill } from './kill-plan.ts';
import type { WorkerOrders } from './worker-main.ts';

/** A worker process of a build, from its start to its end. */
export interface WorkerProcess {
  /** How it ended: the signal, or null where it exited by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
}

/** @param build the folder of the chaos build. @param kill where it kills itself; null for nowhere. */
export function startWorkerProcess(
  build: string,
  orders: Omit<WorkerOrders, 'kill'>,
  kill: PointKill | null,
): WorkerProcess {
  const main = join(build, 'test', 'chaos', 'worker-main.js');
  const child: ChildProcess = spawn(process.execPath, [main, JSON.stringify({ ...orders, kill })], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null);
  return {
    ended,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
