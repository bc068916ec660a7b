import { lastBoxed } from './boxed.ts';
import { canonicalJson } from './canonical-json.ts';
import { jsonValues } from './json-in-text.ts';

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
  /**
   * A value by JSON pointer (RFC 6901), `""` being the whole, in the last JSON object or array of the text that has one
   * there: what follows the answer (`[1]`, `{}` in an explanation) does not hide it. Where there is none, what stands in the
   * last `\boxed{…}`: some models end so whatever they were asked for.
   */
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
  return answer === null || answer === '' ? null : storable(shorten(answer));
}

function extract(text: string, spec: AnswerSpec, ordinal: number): string | null {
  switch (spec.from) {
    case 'open':
      return text.trim() === '' ? null : `response ${ordinal + 1}`;
    case 'text':
      return normalise(text, spec.normalise);
    case 'json': {
      let value: unknown;
      let readable = false;
      for (const json of jsonValues(text)) {
        readable ||= !Array.isArray(json);
        const there = pointTo(json, spec.pointer);
        if (there !== undefined) value = there;
      }
      if (value === undefined && !readable) value = valueInBrokenJson(text, spec.pointer);
      if (value === undefined) value = lastBoxed(text);
      if (value === undefined || value === null) return null;
      // Said in so many words, the empty string is an answer.
      if (value === '' && spec.normalise === 'loose') return EMPTY_STRING;
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

/** How the empty string stands among loose answers, where nothing would be left of it without its quotes. */
const EMPTY_STRING = '""';

export function normalise(text: string, how: Normalisation): string | null {
  const trimmed = text.trim();
  if (how === 'none') return trimmed;
  if (how === 'number') return lastNumber(trimmed);
  // A literal of the empty string is an answer, though nothing is left of it without its quotes.
  if (/^["'`]{2,}\.?$/.test(trimmed)) return EMPTY_STRING;
  return (
    trimmed
      .toLowerCase()
      .replace(/\s+/g, ' ')
      // The look-behind keeps a long run of dots in the middle from being tried at each of its places.
      .replace(/^["'`]+|(?<!["'`.])["'`.]+$/g, '')
      .trim()
  );
}

/**
 * The last number in a text in its shortest decimal form, thousands separators removed; null where there is none. A sign
 * may be a minus (U+2212) and may stand before a currency (`-$5`); an exponent is written out.
 */
export function lastNumber(text: string): string | null {
  const last = [...text.matchAll(NUMBER)].at(-1);
  if (last === undefined) return null;
  const [, sign = '', digits = '', exponent = '0'] = last;
  // A hyphen after a word, a number or a bracket is a range or a date ("3-4"), not a sign.
  const before = last.index > 0 ? (text[last.index - 1] ?? '') : '';
  const negative = sign !== '' && !/[\w)\]]/.test(before);
  const magnitude = shortestDecimal(digits.replaceAll(',', ''), Number(exponent));
  return negative && magnitude !== '0' ? `-${magnitude}` : magnitude;
}

/** Sign, digits, exponent. An exponent of more than three digits is none: written out it would fill the memory. */
const NUMBER =
  /([-−]?)[$€£]?((?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?|\.\d+)(?:[eE]([+-]?\d{1,3})(?!\w))?/g;

function shortestDecimal(text: string, exponent: number): string {
  const [whole = '', fraction = ''] = text.split('.');
  const point = whole.length + exponent;
  const digits = (whole + fraction).padEnd(point, '0').padStart(whole.length + fraction.length - point, '0');
  const at = Math.max(point, 0);
  const integer = digits.slice(0, at).replace(/^0+/, '') || '0';
  const decimals = digits.slice(at).replace(/0+$/, '');
  return decimals ? `${integer}.${decimals}` : integer;
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

/** The last JSON object or array in a text, wherever it stands (see {@link jsonValues}); undefined where there is none. */
export function lastJson(text: string): unknown {
  let last: unknown;
  for (const value of jsonValues(text)) last = value;
  return last;
}

/**
 * The last scalar after `"key":` in a text whose JSON cannot be read (models leave quotes in their reasoning unescaped), for a
 * pointer of one key; undefined where there is none.
 */
function valueInBrokenJson(text: string, pointer: string): unknown {
  const [, key, ...deeper] = pointer.split('/');
  if (key === undefined || deeper.length > 0) return undefined;
  const name = JSON.stringify(key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const at = text.lastIndexOf(name);
  if (at === -1) return undefined;
  const scalar = /^\s*:\s*("(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/.exec(
    text.slice(at + name.length),
  )?.[1];
  if (scalar === undefined) return undefined;
  try {
    return JSON.parse(scalar) as unknown;
  } catch {
    // An escape that is none, or a number such as 1.2.3: there is no value here either.
    return undefined;
  }
}

function pointTo(value: unknown, pointer: string): unknown {
  let current = value;
  for (const raw of pointer.split('/').slice(1)) {
    const key = raw.replaceAll('~1', '/').replaceAll('~0', '~');
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, key)) return undefined;
    if (Array.isArray(current) && !/^\d+$/.test(key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

function shorten(answer: string): string {
  if (answer.length <= LONGEST_ANSWER) return answer;
  return `${answer.slice(0, LONGEST_ANSWER)}… #${fnv1a64(answer)}`;
}

/** Postgres keeps neither NUL nor half a surrogate pair, which JSON escapes (and a cut) can bring in. */
function storable(answer: string): string {
  return answer.replace(/[\0\p{Cs}]/gu, '\uFFFD');
}

/** FNV-1a, 64 bits (Fowler, Noll, Vo): tells long answers apart; nothing depends on it being hard to invert. */
function fnv1a64(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (let i = 0; i < text.length; i++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(i))) * 0x100000001b3n);
  }
  return hash.toString(16).padStart(16, '0');
}
