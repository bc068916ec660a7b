import { claimOf } from '../../core/watch.ts';
import { qualityOf, type TaskQuality } from '../../ledger/quality.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { noSuchTask } from '../policy-problem.ts';
import { accuraciesOf } from '../quality/accuracies.ts';
import { showQuality } from '../quality/text.ts';

export interface QualityOptions {
  readonly task?: string;
  /** Tags whose values make the slices; none for every tag. */
  readonly slice: readonly string[];
  readonly days: number;
}

/** Says how good the answers of each task and of each slice are, what is watched, and which alarms were raised. */
export async function qualityCommand(context: Context, options: QualityOptions): Promise<void> {
  const { task, slice, days } = options;
  await withDatabase(context, async (pool) => {
    const tasks = await qualityOf(pool, { task, days, tags: slice.length === 0 ? undefined : slice });
    if (task !== undefined && tasks.length === 0) throw noSuchTask(task);
    if (context.json) context.out(JSON.stringify({ tasks: tasks.map(qualityJson) }));
    else context.out(tasks.map(showQuality).join('\n\n') || 'No task has been applied yet.');
  });
}

/** Slices with their accuracy and evidence; of the policy only what is promised. */
function qualityJson(quality: TaskQuality): object {
  const { policy, judged, slices, certificate, watch, ...rest } = quality;
  const { bySlice, worst, judges } = accuraciesOf(quality);
  const given = policy.learned?.certificate ?? null;
  return {
    ...rest,
    certificate: given === null ? null : { ...given, standing: certificate },
    claim: claimOf(policy),
    judged: { drawn: judged.drawn, answers: judged.answers.length, judges },
    worst,
    slices: slices.map((figures) => ({
      ...figures,
      judged: bySlice.get(figures.slice)?.labels ?? 0,
      accuracy: bySlice.get(figures.slice)?.accuracy ?? null,
      watch: watch[figures.slice] ?? null,
    })),
  };
}
