import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

const ROWS = /\.jsonl(\.gz)?$/;

/**
 * The `.jsonl` files of a folder, by their names without the ending; none where there is no such folder.
 * @throws {Error} where a file stands beside its own compressed form: nobody knows which one is meant.
 */
export async function rowFiles(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of (await entriesOf(folder)).sort()) {
    if (!ROWS.test(entry)) continue;
    const name = entry.replace(ROWS, '');
    const other = files.get(name);
    if (other !== undefined) throw new Error(`${other} and ${join(folder, entry)}: delete one of the two`);
    files.set(name, join(folder, entry));
  }
  return files;
}

/** The name of a model's file, without the ending. */
export function fileNameOf(model: string): string {
  return encodeURIComponent(model);
}

/** @throws {Error} where the name is no percent-encoded text. */
export function modelOf(fileName: string, file: string): string {
  try {
    return decodeURIComponent(fileName);
  } catch (cause) {
    throw new Error(`${file}: percent-encode the model's name (a bare "%" is "%25")`, { cause });
  }
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
