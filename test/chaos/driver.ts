import { setTimeout as sleep } from 'node:timers/promises';
import { CascadeError, type CascadeAnswer, type Escalier } from '../../client/index.ts';
import type { RecordedQuery } from '../../recorded/format.ts';

/** Between two tries of a backend that was told that Temporal is away (ms). */
const ASK_AGAIN_AFTER_MS = 500;
/** A query meets a few dead workers at most, each of which holds it up by a heartbeat's time-out. */
const GIVES_UP_AFTER_MS = 8 * 60_000;
/** New queries a second at most: what keeps a calm minute from asking thousands. */
const STARTS_PER_SECOND = 12;

/** What the caller of one query saw in the end. */
export interface Asked {
  readonly key: string;
  readonly query: RecordedQuery;
  readonly answer: CascadeAnswer | null;
  /** The code of the error that it ended with; `unnamed: …` for an error that is none of the client's. */
  readonly error: string | null;
  /** How often it was told that Temporal is away, by the beginning of the message. */
  readonly unavailable: readonly string[];
}

/** One caller, as a backend does it: an idempotency key, and the same question again while nobody answers. */
export async function askUntilKnown(client: Escalier, key: string, query: RecordedQuery): Promise<Asked> {
  const unavailable: string[] = [];
  const givesUpAt = Date.now() + GIVES_UP_AFTER_MS;
  for (;;) {
    try {
      const answer = await client.ask({ idempotencyKey: key, task: query.task, messages: query.messages });
      return { key, query, answer, error: null, unavailable };
    } catch (error) {
      if (!(error instanceof CascadeError)) {
        return { key, query, answer: null, error: `unnamed: ${String(error)}`, unavailable };
      }
      if (error.code !== 'unavailable' || Date.now() > givesUpAt) {
        return { key, query, answer: null, error: error.code, unavailable };
      }
      unavailable.push(error.message.replaceAll(key, '…').slice(0, 90));
      await sleep(ASK_AGAIN_AFTER_MS);
    }
  }
}

/**
 * Keeps so many queries under way until it is told that it is enough, and then waits for all of them.
 * @param enough asked before each new query.
 */
export async function drive(
  client: Escalier,
  queries: readonly RecordedQuery[],
  {
    atOnce,
    seed,
    enough,
  }: { readonly atOnce: number; readonly seed: number; readonly enough: () => boolean },
): Promise<Asked[]> {
  const asked: Asked[] = [];
  let count = 0;
  let nextStartAt = Date.now();
  const caller = async (): Promise<void> => {
    while (!enough()) {
      const waitMs = nextStartAt - Date.now();
      nextStartAt = Math.max(nextStartAt, Date.now()) + 1_000 / STARTS_PER_SECOND;
      if (waitMs > 0) await sleep(waitMs);
      const index = count++;
      const query = queries[index % queries.length];
      if (query === undefined) throw new Error('the recorded set has no queries');
      asked.push(await askUntilKnown(client, `chaos/${seed}/${index}/${query.id}`, query));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  return asked;
}
