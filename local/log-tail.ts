import { readFile } from 'node:fs/promises';

/** The last lines of a server's log, indented for an error's text; says so where there are none. */
export async function logTail(file: string, lines = 12): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const last = text.trim().split('\n').slice(-lines);
  if (text.trim() === '') return `  (${file} holds nothing)`;
  return [`  the end of ${file}:`, ...last.map((line) => `  | ${line}`)].join('\n');
}
