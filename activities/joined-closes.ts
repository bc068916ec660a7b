import type { Close } from '../ledger/close-attempt.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { withPatience } from '../ledger/patience.ts';

export interface JoinedCloses {
  readonly ledger: Ledger;
  /** Closes what is still open of what was to be closed. To be called at the end, whatever it was. */
  readonly settle: () => Promise<void>;
}

/**
 * The ledger of one climb, which decides within a moment what comes after a response: the close of its attempt waits for
 * that, the next intent or the query's end, and is committed with it, so that both wait for the disk once. A process that is
 * killed in between leaves an open row behind, as one that is killed while it waits for the close's own commit.
 */
export function joinCloses(ledger: Ledger): JoinedCloses {
  /** One, unless what it waited for has failed. */
  const waiting: Close[] = [];
  let over = false;
  const closeWaiting = async (): Promise<void> => {
    for (let close = waiting.shift(); close !== undefined; close = waiting.shift()) {
      const closing = close;
      // The response is money spent: it is worth waiting for a ledger that is away for a moment.
      await withPatience(() => ledger.closeAttempt(closing));
    }
  };
  const settle = async (): Promise<void> => {
    over = true;
    await closeWaiting();
  };
  const behindOne = async <T>(work: (closing: Close | undefined) => Promise<T>): Promise<T> => {
    const closing = waiting.shift();
    try {
      return await work(closing);
    } catch (error) {
      if (closing !== undefined) waiting.push(closing);
      throw error;
    }
  };
  return {
    settle,
    ledger: {
      ...ledger,
      async closeAttempt(close) {
        // A scorer's calls may be many at a time, and one may come when nobody waits for it any more.
        if (close.status === 'succeeded' && waiting.length === 0 && !over) waiting.push(close);
        else await ledger.closeAttempt(close);
      },
      openAttempt: (intent) => behindOne((closing) => ledger.openAttempt(intent, closing)),
      endQuery: (end) => behindOne((closing) => ledger.endQuery(end, closing)),
      async attemptsOf(query, paidFor) {
        await closeWaiting();
        return ledger.attemptsOf(query, paidFor);
      },
      async textsOf(query, items) {
        const own = waiting.find(({ attemptId }) => items.includes(attemptId));
        if (own?.response == null) return ledger.textsOf(query, items);
        const others = items.filter((item) => item !== own.attemptId);
        return new Map(await ledger.textsOf(query, others)).set(own.attemptId, { ...own.response.kept });
      },
    },
  };
}
