import { runJob, type Ask, type Job } from './jobs.ts';

/** What a variant's process is started with, as JSON in its only argument. */
export interface Orders {
  readonly upstreamUrl: string;
  readonly [name: string]: unknown;
}

export function readOrders(): Orders {
  return JSON.parse(process.argv[2] ?? '') as Orders;
}

export interface Serving {
  /** Ends what the process holds. */
  readonly stop?: () => Promise<void>;
  /** What the parent is told when all is ready. */
  readonly said?: unknown;
}

/** Says that the process is ready, runs the jobs that it is sent, and ends when its parent lets it go. */
export function serveJobs(ask: Ask, { stop, said = 'ready' }: Serving = {}): void {
  process.on('message', (message: { readonly id: number; readonly job: Job }) => {
    void runJob(ask, message.job).then((done) => process.send?.({ id: message.id, done }));
  });
  // A Ctrl-C in the terminal reaches the whole group; the parent says when to stop.
  process.on('SIGINT', () => undefined);
  process.once('disconnect', () => {
    void Promise.resolve(stop?.()).then(() => process.exit(0));
  });
  process.send?.(said);
}
