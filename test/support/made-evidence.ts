import { uniformOf } from '../../learning/random.ts';
import { evidenceKey, type EmbeddedText, type RecordedEvidence } from '../../recorded/evidence.ts';
import type { RecordedJudgement } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { createRecordedSetWriter } from '../../recorded/write.ts';
import { writeEmbeddings, writeJudgements } from '../../recorded/write-evidence.ts';

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
  /** The same text has the same vector, as an embedder would have it. */
  const embedded = new Map<string, Pick<EmbeddedText, 'vector' | 'input_tokens'>>();
  const embed = (id: string, text: string, shift: number, model?: string): void => {
    const known = embedded.get(text) ?? {
      vector: Float64Array.from({ length: dimensions }, (_, at) =>
        Math.fround(normal() + (at === 0 ? shift : at === 1 ? 1 : 0)),
      ),
      input_tokens: 20 + Math.floor(30 * uniform()),
    };
    embedded.set(text, known);
    embeddings.set(evidenceKey(id, model), { id, ...known, ...(model === undefined ? {} : { model }) });
  };
  for (const { id, messages } of set.queries) {
    embed(id, JSON.stringify(messages), 0);
    const graded = new Map<string, Omit<RecordedJudgement, 'id' | 'model'>>();
    for (const [model, own] of set.responses) {
      const { correct = 0, text = '' } = own.get(id) ?? {};
      const grade = Math.round(10 * (insight * correct + (1 - insight) * uniform())) / 10;
      const judged = graded.get(text) ?? {
        grade: uniform() < silent ? null : grade,
        input_tokens: 300 + Math.floor(100 * uniform()),
        output_tokens: 40 + Math.floor(20 * uniform()),
      };
      graded.set(text, judged);
      judgements.set(evidenceKey(id, model), { id, model, ...judged });
      embed(id, text, (correct - 0.5) * distance, model);
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
function allModels(set: RecordedSet): RecordedSet['models'] {
  return { ...set.models, ...set.evidence?.models };
}

/** Writes a set into an empty folder, with its evidence where it has some. */
export async function writeSet(dir: string, set: RecordedSet): Promise<void> {
  const writer = await createRecordedSetWriter(dir);
  for (const query of set.queries) await writer.addQuery(query);
  for (const own of set.responses.values()) for (const row of own.values()) await writer.addResponse(row);
  await writer.writeModels(allModels(set));
  await writer.close();
  for (const [judge, rows] of set.evidence?.judgements ?? []) {
    const judgements = await writeJudgements(dir, judge);
    for (const row of rows.values()) await judgements.add(row);
    await judgements.close();
  }
  for (const [embedder, rows] of set.evidence?.embeddings ?? []) {
    const embeddings = await writeEmbeddings(dir, embedder);
    for (const row of rows.values()) await embeddings.add({ ...row, vector: [...row.vector] });
    await embeddings.close();
  }
}
