import { appendFile, open, readFile, truncate, type FileHandle } from 'node:fs/promises';
import { isJson } from '../core/is-json.ts';

/**
 * Leaves the file ending in a line break: a last line without one is completed where it is whole, else removed (its writer was
 * killed within it).
 * @throws {Error} where it is compressed.
 */
export async function prepareToAppend(file: string): Promise<void> {
  if (file.endsWith('.gz'))
    throw new Error(`${file} is compressed and cannot be appended to: gunzip it first`);
  const bytes = await readFile(file);
  const end = bytes.lastIndexOf('\n') + 1;
  if (end === bytes.length) return;
  await (isJson(bytes.subarray(end).toString('utf8')) ? appendFile(file, '\n') : truncate(file, end));
}

export interface Appender {
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

/** One row after the other. After a row that failed all later ones fail too: they would be joined to its half. */
export function createAppender(file: string): Appender {
  const handle: Promise<FileHandle> = open(file, 'a');
  let last: Promise<void> = handle.then(() => undefined);
  return {
    append(text) {
      last = last.then(async () => {
        await (await handle).appendFile(text);
      });
      return last;
    },
    async close() {
      try {
        await last;
        await (await handle).sync();
      } finally {
        await (await handle).close();
      }
    },
  };
}
