import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvidenceModels } from '../core/learned-policy.ts';
import { readEvidence, type RecordedEvidence } from './evidence.ts';
import { fileNameOf, modelOf, rowFiles } from './files.ts';
import {
  recordedModelsSchema,
  recordedQuerySchema,
  recordedResponseSchema,
  type RecordedModels,
  type RecordedQuery,
  type RecordedResponse,
} from './format.ts';
import { parseJson, readRows } from './rows.ts';

export interface RecordedSet {
  /** In the order of the file. */
  readonly queries: readonly RecordedQuery[];
  /** By model, in the order of `models.json`, then by the query's id. */
  readonly responses: ReadonlyMap<string, ReadonlyMap<string, RecordedResponse>>;
  /** Those models that have responses here. */
  readonly models: RecordedModels;
  /** Where it was asked for. */
  readonly evidence?: RecordedEvidence;
}

/**
 * Reads a recorded set into memory, line by line.
 * @param options.models only these; default: every model that has responses.
 * @param options.evidence judgements and embeddings that are read too; default: none, since they can be many and long.
 * @throws {Error} naming the file and line, and what to mend: a row that breaks the format, an id that stands twice, a
 * response to no query, a model without prices, a model that was asked for and is not there.
 */
export async function readRecordedSet(
  dir: string,
  options: { readonly models?: readonly string[]; readonly evidence?: EvidenceModels | 'all' } = {},
): Promise<RecordedSet> {
  const priced = await readModels(dir);
  const queries = await readQueries(dir);
  const ids = new Set(queries.map(({ id }) => id));
  const files = await responseFiles(dir, priced);
  for (const model of options.models ?? []) {
    if (files.has(model)) continue;
    throw new Error(
      `${dir} has no responses of "${model}": it has those of ${[...files.keys()].join(', ') || 'no model'}`,
    );
  }
  const responses = new Map<string, Map<string, RecordedResponse>>();
  const models: RecordedModels = {};
  for (const [model, details] of Object.entries(priced)) {
    const file = files.get(model);
    if (file === undefined || options.models?.includes(model) === false) continue;
    responses.set(model, await readResponses(file, model, ids));
    models[model] = details;
  }
  if (options.evidence === undefined) return { queries, responses, models };
  return { queries, responses, models, evidence: await readEvidence(dir, priced, options.evidence) };
}

/** The whole of `models.json`, judges and embedders included. @throws {Error} where it cannot be read. */
export async function readModels(dir: string): Promise<RecordedModels> {
  const file = join(dir, 'models.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new Error(`${dir} is no recorded set: its models.json cannot be read`, { cause });
  }
  return parseJson(text, recordedModelsSchema, file);
}

async function readQueries(dir: string): Promise<RecordedQuery[]> {
  const file = (await rowFiles(dir)).get('queries');
  if (file === undefined)
    throw new Error(`${dir} is no recorded set: it has no queries.jsonl or queries.jsonl.gz`);
  const queries = new Map<string, RecordedQuery>();
  for await (const { value, line } of readRows(file, recordedQuerySchema)) {
    if (queries.has(value.id))
      throw new Error(`${file}:${line}: the id "${value.id}" stands twice: delete one`);
    queries.set(value.id, value);
  }
  return [...queries.values()];
}

/** The files of responses, by model. */
async function responseFiles(dir: string, priced: RecordedModels): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, file] of await rowFiles(join(dir, 'responses'))) {
    const model = modelOf(name, file);
    if (!Object.hasOwn(priced, model))
      throw new Error(`${file}: models.json has no entry "${model}": add its prices`);
    files.set(model, file);
  }
  return files;
}

async function readResponses(
  file: string,
  model: string,
  queries: ReadonlySet<string>,
): Promise<Map<string, RecordedResponse>> {
  const responses = new Map<string, RecordedResponse>();
  for await (const { value, line } of readRows(file, recordedResponseSchema)) {
    const problem =
      value.model !== model
        ? `the model is "${value.model}": its rows belong in ${fileNameOf(value.model)}.jsonl`
        : responses.has(value.id)
          ? `the response to "${value.id}" stands twice: delete one`
          : !queries.has(value.id)
            ? `the query "${value.id}" is not among the queries: add it, or delete this response`
            : (value.cached_tokens ?? 0) > value.input_tokens
              ? 'cached_tokens exceed input_tokens, which include them'
              : null;
    if (problem !== null) throw new Error(`${file}:${line}: ${problem}`);
    responses.set(value.id, value);
  }
  return responses;
}
