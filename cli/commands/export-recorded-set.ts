import { mkdir, readdir } from 'node:fs/promises';
import { labelCoverage } from '../../learning/label-coverage.ts';
import { readRecordedSet } from '../../recorded/read.ts';
import { createRecordedSetWriter } from '../../recorded/write.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { showLabelCoverage } from '../ledger-set/coverage-text.ts';
import { eachRecordedQuery } from '../ledger-set/read.ts';
import { LEFT_OUT, type LeftOut } from '../ledger-set/recorded-query.ts';
import { rangeOf } from '../range-option.ts';
import { sealerOf } from '../sealer.ts';

export interface ExportRecordedSetOptions {
  readonly task: string;
  readonly out: string;
  readonly since?: string;
  readonly until?: string;
}

/** A task's traffic as a recorded set, to learn from and to simulate on. It holds prompts and responses in clear. */
export async function exportRecordedSetCommand(
  context: Context,
  options: ExportRecordedSetOptions,
): Promise<void> {
  const { task, out } = options;
  const range = { ...rangeOf(options), task };
  const sealer = sealerOf(context);
  await mkdir(out, { recursive: true });
  if ((await readdir(out)).length > 0) {
    throw new CliError(`${out} is not empty: name a folder of this export's own`, EXIT.usage);
  }
  await withDatabase(context, async (pool) => {
    const writer = await createRecordedSetWriter(out);
    const { models, ...tally } = await eachRecordedQuery(pool, sealer, range, async (entry) => {
      await writer.addQuery(entry.query);
      for (const response of entry.responses) await writer.addResponse(response);
    }).finally(() => writer.close());
    if (tally.queries === 0) {
      throw new CliError(
        `task ${task} has no ended query with retained texts in this range (${leftOutText(tally.leftOut).join('; ') || 'it has none at all'}): its policy must say "retention: full"`,
        EXIT.usage,
      );
    }
    await writer.writeModels(models);
    const coverage = labelCoverage(await readRecordedSet(out));
    if (context.json) context.out(JSON.stringify({ ...tally, coverage }));
    else {
      const left = leftOutText(tally.leftOut);
      context.out(
        [
          `${tally.queries} queries and ${tally.responses} responses in ${out}`,
          ...(tally.propagatedLabels === 0
            ? []
            : [`${tally.propagatedLabels} labels are those of another response with the same answer.`]),
          ...(left.length === 0 ? [] : [`Left out: ${left.join('; ')}.`]),
          '',
          showLabelCoverage(coverage),
        ].join('\n'),
      );
    }
  });
}

function leftOutText(leftOut: Readonly<Partial<Record<LeftOut, number>>>): string[] {
  return (Object.entries(leftOut) as [LeftOut, number][]).map(
    ([reason, count]) => `${count} ${LEFT_OUT[reason]}`,
  );
}
