/**
 * What stands in the last `\boxed{…}` of a text, or undefined: so models that were trained on mathematics end an answer, also
 * where they were asked for another form. A LaTeX command around the whole of it (`\text{…}`) is taken off. (Quotes are no
 * strings here, as they are in `json-in-text.ts`: 5" may stand in a box.)
 */
export function lastBoxed(text: string): string | undefined {
  const begin = text.lastIndexOf(BOXED);
  if (begin === -1) return undefined;
  const content = upToCloser(text, begin + BOXED.length);
  return content === undefined ? undefined : (/^\\[a-z]+\{([^{}]*)\}$/.exec(content)?.[1] ?? content);
}

const BOXED = '\\boxed{';
/** A longer one is no answer: the brace is that of something else. */
const LONGEST = 2_000;

function upToCloser(text: string, begin: number): string | undefined {
  let depth = 1;
  for (let at = begin; at < Math.min(text.length, begin + LONGEST); at++) {
    if (text[at] === '{') depth++;
    else if (text[at] === '}' && --depth === 0) return text.slice(begin, at).trim();
  }
  return undefined;
}
