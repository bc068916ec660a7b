import { CascadeError, type CascadeAnswer, type CascadeRequest, type Escalier } from '../client/index.ts';
import { addSpend, NOTHING, spendFromJson, type Spend } from '../core/spend.ts';
import { atOnce } from './at-once.ts';

export interface BatchItem {
  /** The idempotency key. */
  readonly key: string;
  readonly request: CascadeRequest;
}

export type BatchResult<Item extends BatchItem> = { readonly item: Item } & (
  | { readonly answer: CascadeAnswer; readonly error?: never }
  | { readonly error: CascadeError; readonly answer?: never }
);

export interface BatchOptions<Item extends BatchItem> {
  readonly concurrency: number;
  /** Once aborted no more queries are started, and those under way are left to Temporal. */
  readonly signal: AbortSignal;
  readonly onResult: (result: BatchResult<Item>, spent: Spend, done: number) => Promise<void> | void;
}

/**
 * Sends items through cascades, so many at a time. Every item has its key, so that a batch that is run again continues:
 * what was answered is not asked again.
 * @throws {CascadeError} `unavailable` at once: without Temporal the rest would fail alike.
 */
export async function runBatch<Item extends BatchItem>(
  client: Escalier,
  items: readonly Item[],
  options: BatchOptions<Item>,
): Promise<void> {
  const queue = items.values();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const interrupted = new Promise<null>((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(null);
    });
  });
  let spent: Spend = NOTHING;
  let done = 0;
  const work = async (): Promise<void> => {
    for (const item of queue) {
      if (signal.aborted) return;
      const result = await Promise.race([askOne(client, item), interrupted]);
      if (result === null) return;
      if (result.error?.code === 'unavailable') throw result.error;
      spent = addSpend(spent, spendFromJson(result.answer ?? result.error));
      await options.onResult(result, spent, ++done);
    }
  };
  await atOnce(options.concurrency, stop, work);
}

async function askOne<Item extends BatchItem>(client: Escalier, item: Item): Promise<BatchResult<Item>> {
  try {
    return { item, answer: await client.ask({ ...item.request, idempotencyKey: item.key }) };
  } catch (error) {
    if (error instanceof CascadeError) return { item, error };
    throw error;
  }
}
