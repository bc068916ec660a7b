import { join } from 'node:path';
import type { EvidenceModels } from '../core/learned-policy.ts';
import { unpackVector } from '../core/vector.ts';
import { modelOf, rowFiles } from './files.ts';
import {
  recordedEmbeddingSchema,
  recordedJudgementSchema,
  type RecordedEmbedding,
  type RecordedJudgement,
  type RecordedModels,
} from './format.ts';
import { readRows } from './rows.ts';

/** What was bought about responses after they were recorded: grades of judges, vectors of embedders. */
export interface RecordedEvidence {
  /** By judge, then by {@link evidenceKey}. */
  readonly judgements: ReadonlyMap<string, ReadonlyMap<string, RecordedJudgement>>;
  /** By embedder, then by {@link evidenceKey}. */
  readonly embeddings: ReadonlyMap<string, ReadonlyMap<string, EmbeddedText>>;
  /** Of the judges and embedders. */
  readonly models: RecordedModels;
}

export interface EmbeddedText extends Pick<RecordedEmbedding, 'id' | 'model' | 'input_tokens'> {
  readonly vector: Float64Array;
}

/** Of a query's response by a model; without a model, of the query itself. */
export function evidenceKey(id: string, model?: string): string {
  return JSON.stringify(model === undefined ? [id] : [id, model]);
}

/**
 * Reads a set's judgements and embeddings: those that are named, or all.
 * @param models of `models.json`.
 * @throws {Error} naming file and line for a row that breaks the format or stands twice; what is asked for and is not there,
 *   or has no price, with the command that adds it.
 */
export async function readEvidence(
  dir: string,
  models: RecordedModels,
  wanted: EvidenceModels | 'all',
): Promise<RecordedEvidence> {
  const used: RecordedModels = {};
  const priced = (name: string, file: string): void => {
    const details = Object.hasOwn(models, name) ? models[name] : undefined;
    if (details === undefined) throw new Error(`${file}: models.json has no entry "${name}": add its prices`);
    used[name] = details;
  };
  const filesOf = async (folder: string, name: string | undefined, option: string) => {
    const files = new Map<string, string>();
    for (const [fileName, file] of await rowFiles(join(dir, folder)))
      files.set(modelOf(fileName, file), file);
    if (wanted === 'all') return files;
    const file = name === undefined ? undefined : files.get(name);
    if (name !== undefined && file === undefined) {
      throw new Error(
        `${dir} has no ${folder} of "${name}" (${[...files.keys()].join(', ') || 'nor of any model'}): fill them in with "escalier annotate --recorded ${dir} ${option} ${name}"`,
      );
    }
    return new Map(name === undefined || file === undefined ? [] : [[name, file]]);
  };
  const names: EvidenceModels = wanted === 'all' ? {} : wanted;
  const judgements = new Map<string, Map<string, RecordedJudgement>>();
  for (const [judge, file] of await filesOf('judgements', names.judge, '--judge')) {
    priced(judge, file);
    judgements.set(judge, await readJudgements(file));
  }
  const embeddings = new Map<string, Map<string, EmbeddedText>>();
  for (const [embedder, file] of await filesOf('embeddings', names.embedder, '--embedder')) {
    priced(embedder, file);
    embeddings.set(embedder, await readEmbeddings(file));
  }
  return { judgements, embeddings, models: used };
}

async function readJudgements(file: string): Promise<Map<string, RecordedJudgement>> {
  const judgements = new Map<string, RecordedJudgement>();
  for await (const { value, line } of readRows(file, recordedJudgementSchema)) {
    const key = evidenceKey(value.id, value.model);
    if (judgements.has(key)) {
      throw new Error(
        `${file}:${line}: the judgement of the response of "${value.model}" to "${value.id}" stands twice: delete one`,
      );
    }
    judgements.set(key, value);
  }
  return judgements;
}

async function readEmbeddings(file: string): Promise<Map<string, EmbeddedText>> {
  const embeddings = new Map<string, EmbeddedText>();
  let dimensions: number | null = null;
  for await (const { value, line } of readRows(file, recordedEmbeddingSchema)) {
    const key = evidenceKey(value.id, value.model);
    const vector = vectorOf(value, `${file}:${line}`);
    dimensions ??= vector.length;
    const problem = embeddings.has(key)
      ? `the embedding ${value.model === undefined ? 'of the query' : `of the response of "${value.model}" to`} "${value.id}" stands twice: delete one`
      : vector.length !== dimensions
        ? `the vector has ${vector.length} numbers, those before it ${dimensions}: another model made it; delete the line`
        : vector.some((number) => !Number.isFinite(number))
          ? 'the vector holds what is no finite number: delete the line'
          : null;
    if (problem !== null) throw new Error(`${file}:${line}: ${problem}`);
    const { id, input_tokens } = value;
    embeddings.set(key, {
      ...{ id, input_tokens, vector },
      ...(value.model === undefined ? {} : { model: value.model }),
    });
  }
  return embeddings;
}

function vectorOf({ vector }: RecordedEmbedding, where: string): Float64Array {
  // As a vector is kept in service: to single precision.
  if (typeof vector !== 'string') return Float64Array.from(Float32Array.from(vector));
  try {
    return unpackVector(vector);
  } catch (cause) {
    throw new Error(`${where}: vector: ${(cause as Error).message}`, { cause });
  }
}

/** A reply of a judge that holds a grade in [0, 1], as it is asked for; an empty one for none. */
export function gradeReply(grade: number | null): string {
  const DIGITS = 10;
  return grade === null ? '' : `Grade: ${(10 * grade).toFixed(DIGITS)}`;
}
