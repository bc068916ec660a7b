import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PointKill } from './kill-plan.ts';
import type { WorkerOrders } from './worker-main.ts';

/** What a supervisor (systemd, Kubernetes) would wait before it starts a process again. */
const RESTART_AFTER_MS = 500;

export interface SupervisorOptions {
  readonly orders: Omit<WorkerOrders, 'kill'>;
  /** The next kill that a fresh worker shall carry out on itself; null for none. */
  readonly nextKill: () => PointKill | null;
  /** A worker carried out its orders. */
  readonly onOwnKill: (kill: PointKill) => void;
  /** A worker was killed before it could, so its orders stand. */
  readonly onKillUndone: (kill: PointKill) => void;
  /** A worker ended by itself, with the last of what it said. Nobody killed it: the supervisor starts it again. */
  readonly onExit: (words: string) => void;
}

interface Running {
  readonly child: ChildProcess;
  /** Whether it was killed from outside. */
  struck: boolean;
}

/** A worker that is started again whenever it ends: one process at a time, each with orders of its own. */
export class Supervisor {
  private readonly options: SupervisorOptions;
  private running: Running | undefined;
  private stopping = false;
  private readonly life: Promise<void>;

  constructor(options: SupervisorOptions) {
    this.options = options;
    this.life = this.keepAlive();
  }

  /** Kills the process that runs now, if any. @returns whether there was one. */
  strike(): boolean {
    if (this.running === undefined) return false;
    this.running.struck = true;
    return this.running.child.kill('SIGKILL');
  }

  /** Ends the worker as a deployment would, letting its requests finish. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.running?.child.kill('SIGTERM');
    await this.life;
  }

  /** Ends it at once. */
  async abandon(): Promise<void> {
    this.stopping = true;
    this.running?.child.kill('SIGKILL');
    await this.life;
  }

  /** It changes while a process lives. */
  private isStopping(): boolean {
    return this.stopping;
  }

  private async keepAlive(): Promise<void> {
    while (!this.isStopping()) {
      await this.live(this.options.nextKill());
      if (!this.isStopping()) await sleep(RESTART_AFTER_MS);
    }
  }

  private async live(kill: PointKill | null): Promise<void> {
    const orders: WorkerOrders = { ...this.options.orders, kill };
    const main = fileURLToPath(new URL('./worker-main.js', import.meta.url));
    const child = spawn(process.execPath, [main, JSON.stringify(orders)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-2_000);
    });
    const running: Running = { child, struck: false };
    this.running = running;
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    this.running = undefined;
    if (signal === 'SIGKILL' && !running.struck && kill !== null) this.options.onOwnKill(kill);
    else if (kill !== null) this.options.onKillUndone(kill);
    if (!this.isStopping() && signal !== 'SIGKILL') {
      // Node ends a crash with its own version; the line that names the error says more.
      const lines = words.trim().split('\n');
      const line = lines.findLast((text) => /^\w*Error\b/.test(text)) ?? lines.at(-1) ?? '';
      this.options.onExit(`exit ${code ?? signal ?? 'unknown'}: ${line}`);
    }
  }
}
