import { Context } from '@temporalio/activity';
import { CancelHeard } from './failures.ts';
import type { Ports } from './ports.ts';

/** A cancel closes the socket within a second: this, and what it takes to be written and read. */
const LOOK_EVERY_MS = 300;

interface Watched {
  readonly runId: string;
  readonly controller: AbortController;
}

/**
 * Hears in the ledger what Temporal cannot tell a local activity while it runs: that its run was cancelled. One look serves
 * all that run in this process, and nobody looks while none does. Postgres is asked, instead of listened to, so that a
 * lost connection, a pooler in front of it or a failover needs no further care.
 */
export class CancelWatch {
  private readonly ledger: Pick<Ports['ledger'], 'cancelledRuns'>;
  private readonly watched = new Set<Watched>();
  private timer: NodeJS.Timeout | undefined;
  private looking = false;

  constructor(ledger: Pick<Ports['ledger'], 'cancelledRuns'>) {
    this.ledger = ledger;
  }

  /** Does the work of an activity with a signal that aborts when its run is cancelled, by the ledger or by Temporal. */
  async during<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { info, cancellationSignal, log } = Context.current();
    const entry = { runId: info.workflowExecution?.runId ?? '', controller: new AbortController() };
    this.watched.add(entry);
    this.timer ??= setInterval(() => {
      this.look().catch((error: unknown) => {
        log.warn('cancelled runs could not be looked for in the ledger; the next look is in 0.3 s', {
          error,
        });
      });
    }, LOOK_EVERY_MS);
    try {
      return await work(AbortSignal.any([cancellationSignal, entry.controller.signal]));
    } finally {
      this.watched.delete(entry);
      if (this.watched.size === 0) {
        clearInterval(this.timer);
        this.timer = undefined;
      }
    }
  }

  /** Not while another look waits for the ledger. */
  private async look(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    try {
      const cancelled = new Set(await this.ledger.cancelledRuns());
      for (const { runId, controller } of this.watched)
        if (cancelled.has(runId)) controller.abort(new CancelHeard());
    } finally {
      this.looking = false;
    }
  }
}
