import { parseFeedback, type SourceKind } from '../../core/feedback.ts';
import { labelQuery, whyNotLabelled } from '../../ledger/label-query.ts';
import { servers, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { sealerOf } from '../sealer.ts';
import { verdictOf, type VerdictOptions } from '../verdict-options.ts';

export interface LabelOptions extends VerdictOptions {
  readonly attempt?: string;
  readonly source: string;
  readonly sourceKind: SourceKind;
}

/** Somebody's word on one query's answer. */
export async function labelCommand(context: Context, query: string, options: LabelOptions): Promise<void> {
  const { source, sourceKind, attempt } = options;
  const parsed = parseFeedback({
    query,
    ...(attempt === undefined ? {} : { attempt }),
    source,
    sourceKind,
    ...verdictOf(options),
  });
  if ('problems' in parsed) throw new CliError(parsed.problems.join('\n'), EXIT.usage);
  const { namespace } = await servers(context);
  const sealer = sealerOf(context);
  await withDatabase(context, async (pool) => {
    const done = await labelQuery(pool, sealer, namespace, parsed.feedback);
    if (done.type !== 'labelled') throw new CliError(whyNotLabelled(done, query), EXIT.usage);
    const { queryId, correct: right, responses } = done;
    if (context.json) context.out(JSON.stringify({ queryId, correct: right, responses }));
    else
      context.out(
        `Query ${queryId}: the ${attempt === undefined ? 'served' : 'judged'} answer is ${right ? 'right' : 'wrong'} (${source}); ${responses} responses labelled.`,
      );
  });
}
