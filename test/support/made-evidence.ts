import { uniformOf } from '../../learning/random.ts';
import { evidenceKey, type EmbeddedText, type RecordedEvidence } from '../../recorded/evidence.ts';
import type { RecordedJudgement } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';

export const JUDGE = 'judge-model';
export const EMBEDDER = 'embedder-model';

export interface MadeEvidenceOptions {
  readonly seed?: number;
  /** How much of a grade is the label, in [0, 1]; the rest is drawn. Default: half. */
  readonly insight?: number;
  /** How far the vectors of right and wrong responses lie apart, in standard deviations of a coordinate. Default: 3. */
  readonly distance?: number;
  readonly dimensions?: number;
  /** Share of grades that the judge did not give. Default: 0.02. */
  readonly silent?: number;
}

/** The set with what a judge and an embedder would say of it, drawn: the same arguments give the same. */
export function withEvidence(
  set: RecordedSet,
  { seed = 7, insight = 0.5, distance = 3, dimensions = 24, silent = 0.02 }: MadeEvidenceOptions = {},
): RecordedSet {
  const uniform = uniformOf(seed);
  const normal = () => Array.from({ length: 12 }, uniform).reduce((sum, value) => sum + value, -6);
  const judgements = new Map<string, RecordedJudgement>();
  const embeddings = new Map<string, EmbeddedText>();
  const embed = (id: string, shift: number, model?: string): void => {
    const vector = Float64Array.from({ length: dimensions }, (_, at) =>
      Math.fround(normal() + (at === 0 ? shift : at === 1 ? 1 : 0)),
    );
    embeddings.set(evidenceKey(id, model), {
      ...{ id, vector, input_tokens: 20 + Math.floor(30 * uniform()) },
      ...(model === undefined ? {} : { model }),
    });
  };
  for (const { id } of set.queries) {
    embed(id, 0);
    for (const [model, own] of set.responses) {
      const correct = own.get(id)?.correct ?? 0;
      const drawn = uniform();
      const grade = Math.round(10 * (insight * correct + (1 - insight) * drawn)) / 10;
      judgements.set(evidenceKey(id, model), {
        ...{ id, model, grade: uniform() < silent ? null : grade },
        ...{
          input_tokens: 300 + Math.floor(100 * uniform()),
          output_tokens: 40 + Math.floor(20 * uniform()),
        },
      });
      embed(id, (correct - 0.5) * distance, model);
    }
  }
  const evidence: RecordedEvidence = {
    judgements: new Map([[JUDGE, judgements]]),
    embeddings: new Map([[EMBEDDER, embeddings]]),
    models: {
      [JUDGE]: { provider: 'made-up', input_usd_per_mtok: 0.05, output_usd_per_mtok: 0.4 },
      [EMBEDDER]: { provider: 'made-up', input_usd_per_mtok: 0.02, output_usd_per_mtok: 0 },
    },
  };
  return { ...set, evidence };
}

/** Every model's, judge's and embedder's prices. */
export function allModels(set: RecordedSet): RecordedSet['models'] {
  return { ...set.models, ...set.evidence?.models };
}
