import { z } from 'zod';
import { nearMiss } from '../core/near-miss.ts';

export type Path = readonly (string | number)[];

/** Something that is wrong with the settings: where, and what to do. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** Told and lived with where a policy that was applied before is at work; refused where one is applied. */
  readonly aged?: true;
}

/** All that is wrong with the settings: a line each, as people read it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

type Issue = z.core.$ZodIssue;

/**
 * What zod found, in words. No message holds a value of the file: it could be a key in the wrong place.
 * @param schema what refused the value.
 * @param value what it refused.
 * @param at where the value is in the file.
 */
export function problemsOf(error: z.ZodError, schema: z.ZodType, value: unknown, at: Path = []): Problem[] {
  const json = z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' });
  const told = (issue: Issue): Problem[] => {
    const path = pathOf(issue);
    const known = keysAt(json, path);
    if (issue.code === 'invalid_union') {
      const inner = meantBranch(issue);
      return inner === null
        ? [{ path, message: unionMessage(issue, valueAt(value, path), known) }]
        : inner.flatMap((one) => told({ ...one, path: [...issue.path, ...one.path] }));
    }
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ path: [...path, key], message: notASetting(key, known) }));
    }
    if (issue.code === 'invalid_key') return [{ path, message: issue.issues[0]?.message ?? issue.message }];
    return [{ path, message: messageOf(issue, valueAt(value, path)) }];
  };
  return error.issues.flatMap(told).map(({ path, message }) => ({ path: [...at, ...path], message }));
}

function notASetting(key: string, known: readonly string[]): string {
  const meant = nearMiss(key, known);
  return meant === null
    ? `is not a setting here: there are ${known.join(', ')}`
    : `is not a setting here: did you mean ${meant}?`;
}

/**
 * Of the ways in which no member of a union fits, the one that was meant: a value of the right type with the fewest
 * problems. Null where none is of the right type, or several are as near.
 */
function meantBranch(issue: Extract<Issue, { code: 'invalid_union' }>): Issue[] | null {
  const [first, second] = issue.errors
    .filter((branch) => branch.every(({ code, path }) => path.length > 0 || code === 'unrecognized_keys'))
    .sort((a, b) => a.length - b.length);
  return first === undefined || first.length === second?.length ? null : first;
}

function unionMessage(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  value: unknown,
  known: readonly string[],
): string {
  const words = issue.errors.flat().flatMap((one) => (one.code === 'invalid_value' ? one.values : []));
  const written = typeof value === 'string' ? [value] : isMapping(value) ? Object.keys(value) : [];
  const meant = written
    .map((word) => nearMiss(word, typeof value === 'string' ? words.map(String) : known))
    .find((word) => word !== null);
  return withMissing(issue.message, value) + (meant === undefined ? '' : ` (did you mean ${meant}?)`);
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'settings of its own (key: value)',
  record: 'settings of its own (key: value)',
};

function messageOf(issue: Issue, value: unknown): string {
  return withMissing(isZodsOwn(issue.message) ? ownWords(issue, value) : issue.message, value);
}

/** A message that the schema did not choose. */
function isZodsOwn(message: string): boolean {
  return /^(Invalid|Too (small|big)|Unrecognized)/.test(message);
}

function ownWords(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_type') return wrongType(issue.expected, value);
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const meant = typeof value === 'string' ? nearMiss(value, values) : null;
    return `expected ${values.join(', ')}${meant === null ? '' : ` (did you mean ${meant}?)`}`;
  }
  if (issue.code === 'too_small') {
    return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}${unit(issue.origin)}`;
  }
  if (issue.code === 'too_big') {
    return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}${unit(issue.origin)}`;
  }
  return issue.message;
}

function wrongType(type: string, value: unknown): string {
  const expected = `expected ${TYPES[type] ?? type}`;
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    return `${expected}: put it in quotes`;
  }
  if ((type === 'number' || type === 'int') && typeof value === 'string') {
    return `${expected}, found text: write it without quotes or units`;
  }
  return value === undefined || value === null ? expected : `${expected}, found ${kindOf(value)}`;
}

function unit(origin: string): string {
  return origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : '';
}

function withMissing(message: string, value: unknown): string {
  if (value === undefined) return `is missing: ${message}`;
  return value === null ? `has no value: ${message}` : message;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'key: value';
  return TYPES[typeof value] ?? typeof value;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function pathOf(issue: Issue): Path {
  return issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string | number, unknown>)[key];
  }
  return current;
}

/** The settings that a JSON Schema allows at a path. Those that it knows only to refuse them are left out. */
function keysAt(schema: z.core.JSONSchema._JSONSchema, path: Path): string[] {
  if (typeof schema === 'boolean') return [];
  const { properties = {}, anyOf = [], additionalProperties: any, items } = schema;
  const [head, ...rest] = path;
  const own =
    head === undefined
      ? Object.entries(properties).flatMap(([key, value]) =>
          typeof value === 'object' && 'not' in value ? [] : [key],
        )
      : keysAt(
          typeof head === 'number'
            ? Array.isArray(items)
              ? true
              : (items ?? true)
            : ((Object.hasOwn(properties, head) ? properties[head] : any) ?? true),
          rest,
        );
  return [...new Set([...own, ...anyOf.flatMap((member) => keysAt(member, path))])];
}
