import { StringDecoder } from 'node:string_decoder';

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/**
 * Rows of `COPY … TO STDOUT` in its text format (https://www.postgresql.org/docs/current/sql-copy.html, "Text Format"):
 * a line break ends a row, a tab a column, `\N` is null, and what would be mistaken for these is escaped. Unlike its CSV,
 * it tells null from the empty string without a parser that keeps quotes.
 */
export async function* copyRows(chunks: AsyncIterable<Buffer>): AsyncGenerator<(string | null)[]> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.split('\t').map(unescaped);
  }
}

function unescaped(text: string): string | null {
  if (text === '\\N') return null;
  if (!text.includes('\\')) return text;
  return text.replace(/\\(.)/g, (_whole, letter: string) => ESCAPES[letter] ?? letter);
}
