import { appendFile, open, readFile, truncate, type FileHandle } from 'node:fs/promises';

/**
 * Leaves the file ending in a line break: a last line without one is completed where it is whole, else removed.
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

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    // Half a row: the writer was killed within it.
    return false;
  }
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
