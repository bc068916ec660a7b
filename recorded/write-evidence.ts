import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createAppender, prepareToAppend, type Appender } from './append.ts';
import { evidenceKey } from './evidence.ts';
import { fileNameOf, modelOf, rowFiles } from './files.ts';
import {
  recordedEmbeddingSchema,
  recordedJudgementSchema,
  type RecordedEmbedding,
  type RecordedJudgement,
  type RecordedModel,
} from './format.ts';
import { readModels } from './read.ts';
import { readRows } from './rows.ts';

/** Appends to one file of evidence of a recorded set. Its calls may overlap; each settles when its row is in the file. */
export interface EvidenceWriter<Row> {
  /** Whether the row is there, now or from before: what needs no second request. */
  has(id: string, model?: string): boolean;
  /** @throws {Error} where it is there already. */
  add(row: Row): Promise<void>;
  /** Waits for what is being written and makes it durable. */
  close(): Promise<void>;
}

/** @param name of the judge. @throws {Error} where the file is compressed, or a row breaks the format. */
export function writeJudgements(dir: string, name: string): Promise<EvidenceWriter<RecordedJudgement>> {
  return evidenceWriter(join(dir, 'judgements'), name, recordedJudgementSchema);
}

/** @param name of the embedder. @throws {Error} where the file is compressed, or a row breaks the format. */
export function writeEmbeddings(dir: string, name: string): Promise<EvidenceWriter<RecordedEmbedding>> {
  return evidenceWriter(join(dir, 'embeddings'), name, recordedEmbeddingSchema);
}

async function evidenceWriter<Row extends { id: string; model?: string | undefined }>(
  folder: string,
  name: string,
  schema: typeof recordedJudgementSchema | typeof recordedEmbeddingSchema,
): Promise<EvidenceWriter<Row>> {
  const known = [...(await rowFiles(folder))].find(([fileName, at]) => modelOf(fileName, at) === name)?.[1];
  const there = new Set<string>();
  if (known !== undefined) {
    await prepareToAppend(known);
    for await (const { value } of readRows(known, schema)) there.add(evidenceKey(value.id, value.model));
  }
  // Made with the first row: an empty file would say that there is evidence.
  let appender: Promise<Appender> | null = null;
  const open = async (): Promise<Appender> => {
    await mkdir(folder, { recursive: true });
    return createAppender(known ?? join(folder, `${fileNameOf(name)}.jsonl`));
  };
  return {
    has: (id, model) => there.has(evidenceKey(id, model)),
    async add(row) {
      const key = evidenceKey(row.id, row.model);
      if (there.has(key)) throw new Error(`${folder} already has the row ${key} of "${name}"`);
      there.add(key);
      appender ??= open();
      await (await appender).append(`${JSON.stringify(row)}\n`);
    },
    close: async () => (await appender)?.close(),
  };
}

/** Adds a judge or an embedder to `models.json`, unless it is there: prices that are known are not replaced. */
export async function addRecordedModel(dir: string, name: string, model: RecordedModel): Promise<void> {
  const models = await readModels(dir);
  if (Object.hasOwn(models, name)) return;
  const file = join(dir, 'models.json');
  const draft = `${file}.${process.pid}.tmp`;
  await writeFile(draft, `${JSON.stringify({ ...models, [name]: model }, null, 2)}\n`);
  await rename(draft, file);
}
