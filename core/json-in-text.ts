/**
 * JSON objects and arrays as models write them: bare, in a fence, or in the middle of their reasoning. Strings may hold raw
 * line breaks and stray backslashes (LaTeX such as `\(`), which models often leave in; nothing else is mended.
 */

/** The outermost JSON objects and arrays of a text, in the order they stand; prose and broken JSON around them is skipped. */
export function* jsonValues(text: string): Generator<unknown, void> {
  // What can open JSON: a brace before a key or its closer, a bracket before a value. It keeps most LaTeX and prose out.
  const opener = /\{(?=\s*["}])|\[(?=\s*[[\]{"\-\dtfn])/g;
  let budget = MOST_CHARACTERS;
  for (let match = opener.exec(text); match !== null; match = opener.exec(text)) {
    const { end, looked } = closerOf(text, match.index, budget);
    budget -= looked;
    if (budget <= 0) return;
    if (end === null) continue;
    const value = parse(text.slice(match.index, end));
    if (value === undefined) continue;
    yield value;
    opener.lastIndex = end;
  }
}

/**
 * An unclosed bracket (the interval `[0, 1)`) is looked for to the end of the text, or until {@link DEEPEST}: so up to about
 * a hundred times the text's length, which this leaves room for up to 200,000 characters. It takes about a tenth of a second.
 */
const MOST_CHARACTERS = 20_000_000;

/** Deeper nesting is no answer, and would overflow the stack of whoever walks it. */
const DEEPEST = 100;

/** Where the bracket at `start` closes (exclusive), or null, and how many characters that took. */
function closerOf(text: string, start: number, budget: number): { end: number | null; looked: number } {
  const last = Math.min(text.length, start + budget);
  let depth = 0;
  let inString = false;
  for (let i = start; i < last; i++) {
    const char = text[i];
    if (char === '"') inString = !inString;
    else if (inString) {
      if (char === '\\') i++;
    } else if (char === '{' || char === '[') {
      if (++depth > DEEPEST) return { end: null, looked: i - start };
    } else if (char === '}' || char === ']') {
      if (--depth === 0) return { end: i + 1, looked: i + 1 - start };
    }
  }
  return { end: null, looked: last - start };
}

function parse(text: string): unknown {
  for (const attempt of [text, mend(text)]) {
    try {
      return JSON.parse(attempt) as unknown;
    } catch {
      // Not JSON as it stands: brackets of prose or code, which the caller passes over.
    }
  }
  return undefined;
}

/** Raw line breaks become spaces, and a backslash that escapes nothing stands for itself. */
function mend(text: string): string {
  return text
    .replace(/[\n\r\t]/g, ' ')
    .replace(/\\(?:["\\/bfnrt]|u[\da-fA-F]{4})|\\/g, (escape) => (escape.length > 1 ? escape : '\\\\'));
}
