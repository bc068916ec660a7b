import { setTimeout as sleep } from 'node:timers/promises';
import type { Servers } from './cast.ts';
import type { Blow, KillKind, KillPlan, PointKill } from './kill-plan.ts';
import { Supervisor } from './worker-process.ts';
import type { WorkerOrders } from './worker-main.ts';

/** A server that is killed stays away for so long (ms): callers and workers must meet it absent. */
const AWAY_MS = 400;

/** Carries out a plan of kills on two workers and their servers. */
export class Conductor {
  readonly kills = new Map<KillKind, number>();
  /** What workers said that ended without being killed, each with how often. */
  readonly exits = new Map<string, number>();
  private readonly waiting: PointKill[];
  private ownLeft: number;
  private outsideLeft: number;
  private readonly workers: readonly Supervisor[];
  private readonly servers: Servers;

  constructor(plan: KillPlan, servers: Servers, orders: Omit<WorkerOrders, 'kill'>) {
    this.servers = servers;
    this.waiting = [...plan.own];
    this.ownLeft = plan.own.length;
    this.outsideLeft = plan.outside.length;
    const options = {
      orders,
      nextKill: () => this.waiting.shift() ?? null,
      onOwnKill: ({ point }: PointKill) => {
        this.ownLeft--;
        this.count(point);
      },
      onKillUndone: (kill: PointKill) => {
        this.waiting.unshift(kill);
      },
      onExit: (words: string) => {
        this.exits.set(words, (this.exits.get(words) ?? 0) + 1);
      },
    };
    this.workers = [new Supervisor(options), new Supervisor(options)];
  }

  get done(): boolean {
    return this.ownLeft === 0 && this.outsideLeft === 0;
  }

  get killed(): number {
    return [...this.kills.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The kills from outside, one after the other. The workers' own go on meanwhile. */
  async strikeAll({ outside }: KillPlan): Promise<void> {
    for (const { blow, afterMs } of outside) {
      await sleep(afterMs);
      await this.strike(blow);
      this.outsideLeft--;
      this.count(blow);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.stop()));
  }

  async abandon(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.abandon()));
  }

  private async strike(blow: Blow): Promise<void> {
    switch (blow) {
      case 'worker':
        await this.strikeWorkers(1);
        return;
      case 'both-workers':
        await this.strikeWorkers(2);
        return;
      case 'postgres':
        await this.restart('postgres');
        return;
      case 'worker-and-postgres':
        await this.strikeWorkers(1);
        await this.restart('postgres');
        return;
      case 'temporal':
        await this.restart('temporal');
        return;
    }
  }

  /** A worker that is just being started again counts for none: the next moment has one. */
  private async strikeWorkers(wanted: 1 | 2): Promise<void> {
    for (let struck = 0; struck < wanted;) {
      await sleep(20);
      struck = this.workers.reduce(
        (count, worker) => (count < wanted && worker.strike() ? count + 1 : count),
        struck,
      );
    }
  }

  private async restart(name: 'postgres' | 'temporal'): Promise<void> {
    await this.servers[name].kill();
    await sleep(AWAY_MS);
    await this.servers[name].start();
  }

  private count(kind: KillKind): void {
    this.kills.set(kind, (this.kills.get(kind) ?? 0) + 1);
  }
}
