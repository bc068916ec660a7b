import { countsOf } from '../../core/counts.ts';
import { sliceAccuracies, type SliceAccuracy } from '../../core/slice-accuracy.ts';
import { slicesOf } from '../../core/slices.ts';
import { ALL_QUERIES } from '../../core/watch.ts';
import type { JudgedAnswer } from '../../ledger/judged-answers.ts';
import type { TaskQuality } from '../../ledger/quality.ts';

export interface Accuracies {
  /** Of the slices that are shown. */
  readonly bySlice: ReadonlyMap<string, SliceAccuracy>;
  /** The least accurate slice, where one has enough labels and is below the average; else null. */
  readonly worst: string | null;
  /** Judged answers by what they were held against. */
  readonly judges: Readonly<Record<string, number>>;
}

/** Accuracy of all queries and of each slice that is shown, with intervals that hold all at once. */
export function accuraciesOf({ slices, judged }: Pick<TaskQuality, 'slices' | 'judged'>): Accuracies {
  const answers = new Map<string, JudgedAnswer[]>(slices.map(({ slice }) => [slice, []]));
  for (const answer of judged.answers) {
    for (const slice of [ALL_QUERIES, ...slicesOf(answer.tags)]) answers.get(slice)?.push(answer);
  }
  const report = sliceAccuracies([...answers].map(([slice, own]) => ({ slice, answers: own })));
  return {
    bySlice: new Map(report.slices.map((accuracy) => [accuracy.slice, accuracy])),
    worst: report.worst === ALL_QUERIES ? null : report.worst,
    judges: countsOf(judged.answers.map(({ judgedBy }) => judgedBy)),
  };
}
