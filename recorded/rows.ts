import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { z } from 'zod';

/** One row of a `.jsonl` file, with the line that it stands on, from 1. */
interface Row<Value> {
  readonly value: Value;
  readonly line: number;
}

/**
 * The rows of a `.jsonl` or `.jsonl.gz` file, one at a time; blank lines are passed over.
 * @throws {Error} naming file and line where one is no JSON or not what the schema asks for.
 */
export async function* readRows<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): AsyncGenerator<Row<z.infer<Schema>>, void> {
  let line = 0;
  for await (const text of readLines(file)) {
    line++;
    if (text.trim() === '') continue;
    yield { value: parseJson(text, schema, `${file}:${line}`), line };
  }
}

/**
 * @param where the text stands, for the error.
 * @throws {Error} saying what is wrong, where, and what was expected.
 */
export function parseJson<Schema extends z.ZodType>(
  text: string,
  schema: Schema,
  where: string,
): z.infer<Schema> {
  let json: unknown;
  try {
    // Some editors begin a file with a byte order mark, which is no part of its first row.
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new Error(`${where} is not JSON (${(cause as Error).message}): mend or delete it`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the row'}: ${message}`,
  );
  throw new Error(`${where} is not as the format asks: ${problems.join('; ')}`, { cause: parsed.error });
}

async function* readLines(file: string): AsyncGenerator<string, void> {
  const stored = createReadStream(file);
  const unpacked = file.endsWith('.gz') ? stored.pipe(createGunzip()) : stored;
  // `pipe` does not pass errors on, and the loop below would wait for ever.
  if (unpacked !== stored) stored.once('error', (error) => unpacked.destroy(error));
  unpacked.setEncoding('utf8');
  let rest = '';
  try {
    for await (const chunk of unpacked as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (cause) {
    throw new Error(`${file} cannot be read: ${(cause as Error).message}`, { cause });
  } finally {
    stored.destroy();
  }
  if (rest !== '') yield rest;
}
