import { CascadeError } from '../../client/index.ts';
import { waitingReviews } from '../../ledger/waiting-reviews.ts';
import { withClient } from '../client.ts';
import { type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { table } from '../output.ts';
import { sealerOf } from '../sealer.ts';
import { verdictOf, type VerdictOptions } from '../verdict-options.ts';

export interface ReviewGiveOptions extends VerdictOptions {
  readonly source: string;
}

/** A person's word to a query that waits for it. */
export async function reviewGiveCommand(
  context: Context,
  key: string,
  options: ReviewGiveOptions,
): Promise<void> {
  const word = { ...verdictOf(options), source: options.source };
  await withClient(context, async (client) => {
    try {
      await client.review(key, word);
    } catch (error) {
      if (!(error instanceof CascadeError)) throw error;
      const exitCode = error.code === 'unavailable' ? EXIT.unavailable : EXIT.usage;
      throw new CliError(error.message, exitCode, error);
    }
    if (context.json) context.out(JSON.stringify({ key, ...word }));
    else context.out(`Query ${key} has its review, and ends.`);
  });
}

/** Queries that wait for a person; as JSON with what was asked and what the models said. */
export async function reviewWaitingCommand(
  context: Context,
  { task }: { readonly task?: string },
): Promise<void> {
  const sealer = sealerOf(context);
  await withDatabase(context, async (pool) => {
    const waiting = await waitingReviews(pool, sealer, task ?? null);
    if (context.json) context.out(JSON.stringify({ waiting }));
    else if (waiting.length === 0) context.out('No query waits for a person.');
    else
      context.out(
        table(
          ['key', 'task', 'asked', 'proposed by', 'answer'],
          waiting.map(({ key, task: of, askedAt, responses }) => {
            const proposed = responses.at(-1);
            return [key, of, askedAt, proposed?.model ?? 'none', proposed?.answer ?? ''];
          }),
        ),
      );
  });
}
