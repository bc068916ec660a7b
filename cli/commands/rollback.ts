import { rollBack } from '../../ledger/promotion.ts';
import { authorOf } from '../author.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { refusedChange } from '../policy-problem.ts';

export interface RollbackOptions {
  readonly task: string;
  readonly to?: number;
  readonly reason?: string;
}

/** Makes an earlier version of a task's policy current again. */
export async function rollbackCommand(context: Context, options: RollbackOptions): Promise<void> {
  await withDatabase(context, async (pool) => {
    const { task, version, before, changed } = await rollBack(
      pool,
      options.task,
      options.to ?? null,
      authorOf(context, options.reason),
    ).catch(refusedChange);
    if (context.json) context.out(JSON.stringify({ task, version, before, changed }));
    else if (changed)
      context.out(
        `Task ${task}: version ${version} is current for new queries again (was ${before}). Queries that run keep theirs.`,
      );
    else context.out(`Task ${task}: version ${version} is current already.`);
  });
}
