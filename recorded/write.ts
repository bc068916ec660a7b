import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../core/canonical-json.ts';
import { createAppender, prepareToAppend, type Appender } from './append.ts';
import { fileNameOf, modelOf, rowFiles } from './files.ts';
import {
  recordedQuerySchema,
  recordedResponseSchema,
  type RecordedModels,
  type RecordedQuery,
  type RecordedResponse,
} from './format.ts';
import { readRows } from './rows.ts';

/** Appends to a recorded set. Its calls may overlap; each settles when its own row is in the file. */
export interface RecordedSetWriter {
  /**
   * Does nothing where the same query is there already.
   * @throws {Error} where another query has the id.
   */
  addQuery(query: RecordedQuery): Promise<void>;
  /** @throws {Error} where the query is not in the set, or the model's response to it is already there. */
  addResponse(response: RecordedResponse): Promise<void>;
  /** Whether the response has been recorded, now or before: what needs no second call. */
  hasResponse(model: string, id: string): boolean;
  /** Replaces `models.json` as a whole: a reader sees the old one or the new one. */
  writeModels(models: RecordedModels): Promise<void>;
  /** Waits for what is being written and makes it durable. */
  close(): Promise<void>;
}

/**
 * Opens a folder, made where it is missing, and reads what is there, so that an interrupted recording resumes. A last
 * line that a crash cut off is removed; its response has to be bought again.
 * @throws {Error} where the set is compressed, or a row breaks the format.
 */
export async function createRecordedSetWriter(dir: string): Promise<RecordedSetWriter> {
  const folder = join(dir, 'responses');
  await mkdir(folder, { recursive: true });
  const queries = await storedQueries(dir);
  const recorded = await storedResponses(folder);
  const appenders = new Map<string, Appender>();
  const appendTo = (file: string, row: object): Promise<void> => {
    const appender = appenders.get(file) ?? createAppender(file);
    appenders.set(file, appender);
    return appender.append(`${JSON.stringify(row)}\n`);
  };
  const idsOf = (model: string): Set<string> => {
    const ids = recorded.get(model) ?? new Set();
    recorded.set(model, ids);
    return ids;
  };

  return {
    async addQuery(query) {
      const content = canonicalJson(query);
      const there = queries.get(query.id);
      if (there === content) return;
      if (there !== undefined) {
        throw new Error(`${dir} has another query "${query.id}": give this one an id of its own`);
      }
      queries.set(query.id, content);
      await appendTo(join(dir, 'queries.jsonl'), query);
    },
    async addResponse(response) {
      const { id, model } = response;
      if (!queries.has(id))
        throw new Error(`${dir} has no query "${id}": add the query before its responses`);
      if (idsOf(model).has(id)) throw new Error(`${dir} already has the response of "${model}" to "${id}"`);
      idsOf(model).add(id);
      await appendTo(join(folder, `${fileNameOf(model)}.jsonl`), response);
    },
    hasResponse: (model, id) => recorded.get(model)?.has(id) ?? false,
    async writeModels(models) {
      await replaceFile(join(dir, 'models.json'), `${JSON.stringify(models, null, 2)}\n`);
    },
    async close() {
      await Promise.all([...appenders.values()].map((appender) => appender.close()));
    },
  };
}

async function storedQueries(dir: string): Promise<Map<string, string>> {
  const queries = new Map<string, string>();
  const file = (await rowFiles(dir)).get('queries');
  if (file === undefined) return queries;
  await prepareToAppend(file);
  for await (const { value } of readRows(file, recordedQuerySchema))
    queries.set(value.id, canonicalJson(value));
  return queries;
}

async function storedResponses(folder: string): Promise<Map<string, Set<string>>> {
  const recorded = new Map<string, Set<string>>();
  for (const [name, file] of await rowFiles(folder)) {
    const ids = new Set<string>();
    await prepareToAppend(file);
    for await (const { value } of readRows(file, recordedResponseSchema)) ids.add(value.id);
    recorded.set(modelOf(name, file), ids);
  }
  return recorded;
}

async function replaceFile(file: string, text: string): Promise<void> {
  const draft = `${file}.${process.pid}.tmp`;
  const handle = await open(draft, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}
