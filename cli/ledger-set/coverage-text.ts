import type { LabelCoverage } from '../../learning/label-coverage.ts';
import { percent, table } from '../output.ts';

/** Which labels there are, by model. */
export function showLabelCoverage({ queries, drawn, models, complete }: LabelCoverage): string {
  return [
    table(
      ['model', 'responses', 'labelled', 'of all queries', 'effective'],
      models.map((model) => [
        model.model,
        String(model.responses),
        String(model.labelled),
        percent(model.share),
        model.effective.toFixed(0),
      ]),
    ),
    `${complete.queries} of ${queries} queries have a labelled response of every model, ${complete.effective.toFixed(0)} effective.`,
    drawn === 0
      ? 'No query was drawn by chance: where a dear model answered, cheaper ones were mostly unsure, so its labels are of hard queries.'
      : `${drawn} queries were drawn by chance, and only those count as effective.`,
  ].join('\n');
}
