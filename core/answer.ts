/**
 * From a response's text to its *answer*: two responses with equal answers are one candidate with two votes. An answer is
 * a short normalised string, or null where the text holds none (its confidence is then 0). Pure: the same text gives the
 * same answer in serving, learning and simulation.
 */
export type AnswerSpec =
  /** Open-ended: no two responses are the same candidate. */
  | { readonly from: 'open' }
  /** The whole text. */
  | { readonly from: 'text'; readonly normalise: Normalisation }
  /** A value in the last JSON object or array of the text, by JSON pointer (RFC 6901); `""` is the whole value. */
  | { readonly from: 'json'; readonly pointer: string; readonly normalise: Normalisation }
  /** The first group of the last match, or the whole match where the pattern has no group. */
  | { readonly from: 'regex'; readonly pattern: string; readonly normalise: Normalisation }
  /** One of the labels: the last one that appears as a whole word, ignoring case. */
  | { readonly from: 'label'; readonly labels: readonly string[] }
  /** The last number in the text. */
  | { readonly from: 'number' };

/**
 * `none` trims; `loose` folds case and white space and drops surrounding quotes and a final full stop; `number` reads a
 * number (`"$1,234.50"` is `"1234.5"`) and gives null where there is none.
 */
export type Normalisation = 'none' | 'loose' | 'number';

/** Longer answers are cut and told apart by a hash, since they are kept in histories and compared, never shown as text. */
const LONGEST_ANSWER = 160;

/**
 * @param text a response's text.
 * @param spec the task's extractor.
 * @param ordinal the response's place in the query, from 0: it names the candidate of an open-ended response.
 */
export function extractAnswer(text: string, spec: AnswerSpec, ordinal: number): string | null {
  const answer = extract(text, spec, ordinal);
  return answer === null || answer === '' ? null : shorten(answer);
}

function extract(text: string, spec: AnswerSpec, ordinal: number): string | null {
  switch (spec.from) {
    case 'open':
      return text.trim() === '' ? null : `response ${ordinal + 1}`;
    case 'text':
      return normalise(text, spec.normalise);
    case 'json': {
      const value = pointTo(lastJson(text), spec.pointer);
      if (value === undefined || value === null) return null;
      return normalise(typeof value === 'string' ? value : canonicalJson(value), spec.normalise);
    }
    case 'regex': {
      const match = [...text.matchAll(new RegExp(spec.pattern, 'gu'))].at(-1);
      return match === undefined ? null : normalise(match[1] ?? match[0], spec.normalise);
    }
    case 'label':
      return lastLabel(text, spec.labels);
    case 'number':
      return lastNumber(text);
  }
}

export function normalise(text: string, how: Normalisation): string | null {
  const trimmed = text.trim();
  if (how === 'none') return trimmed;
  if (how === 'number') return lastNumber(trimmed);
  return trimmed
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^["'`]+|["'`.]+$/g, '')
    .trim();
}

/** The last number in a text in its shortest decimal form, thousands separators removed; null where there is none. */
export function lastNumber(text: string): string | null {
  const last = [...text.matchAll(/-?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|-?\.\d+/g)].at(-1);
  if (last === undefined) return null;
  // A hyphen between word characters is a range or a date ("3-4"), not a sign.
  const before = last.index > 0 ? text[last.index - 1] : undefined;
  const unsigned = before !== undefined && /[\w)]/.test(before) ? last[0].replace(/^-/, '') : last[0];
  return shortestDecimal(unsigned.replaceAll(',', ''));
}

function shortestDecimal(text: string): string {
  const negative = text.startsWith('-');
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const integer = whole.replace(/^0+(?=\d)/, '') || '0';
  const decimals = fraction.replace(/0+$/, '');
  const magnitude = decimals ? `${integer}.${decimals}` : integer;
  return negative && magnitude !== '0' ? `-${magnitude}` : magnitude;
}

function lastLabel(text: string, labels: readonly string[]): string | null {
  let found: { label: string; end: number } | null = null;
  for (const label of labels) {
    const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    for (const match of text.matchAll(
      new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'giu'),
    )) {
      const end = match.index + match[0].length;
      // Where one label ends another ("positive", "very positive"), the longer one is meant.
      if (!found || end > found.end || (end === found.end && label.length > found.label.length)) {
        found = { label, end };
      }
    }
  }
  return found?.label ?? null;
}

/**
 * The last JSON object or array in a text, as models write them: bare, in a fence, or after their reasoning. Strings may
 * hold raw line breaks, which models often leave in; nothing else is mended. Undefined where there is none.
 */
export function lastJson(text: string): unknown {
  const trimmed = text.trim();
  const whole = tryParse(trimmed);
  if (whole !== undefined) return whole;
  let parses = 0;
  for (let end = lastCloser(trimmed, trimmed.length); end >= 0; end = lastCloser(trimmed, end)) {
    const open = trimmed[end] === '}' ? '{' : '[';
    // The outermost opener whose span parses: shorter spans inside it are parts of the same value.
    for (
      let start = trimmed.indexOf(open);
      start >= 0 && start < end;
      start = trimmed.indexOf(open, start + 1)
    ) {
      if (++parses > MOST_PARSES) return undefined;
      const value = tryParse(trimmed.slice(start, end + 1));
      if (value !== undefined) return value;
    }
  }
  return undefined;
}

/** A text full of brackets has quadratically many spans; past this many none is likely to be the answer. */
const MOST_PARSES = 400;

function lastCloser(text: string, before: number): number {
  if (before <= 0) return -1;
  return Math.max(text.lastIndexOf('}', before - 1), text.lastIndexOf(']', before - 1));
}

function tryParse(text: string): unknown {
  if (!/^[[{]/.test(text)) return undefined;
  for (const attempt of [text, text.replace(/[\n\r\t]/g, ' ')]) {
    try {
      return JSON.parse(attempt) as unknown;
    } catch {
      // Not JSON as it stands: the caller tries another span.
    }
  }
  return undefined;
}

function pointTo(value: unknown, pointer: string): unknown {
  let current = value;
  for (const raw of pointer.split('/').slice(1)) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

/** JSON with sorted keys, so that equal values are equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    inner !== null && typeof inner === 'object' && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : inner,
  );
}

function shorten(answer: string): string {
  if (answer.length <= LONGEST_ANSWER) return answer;
  return `${answer.slice(0, LONGEST_ANSWER)}… #${fnv1a64(answer)}`;
}

/** FNV-1a, 64 bits (Fowler, Noll, Vo): tells long answers apart; nothing depends on it being hard to invert. */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
