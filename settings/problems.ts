import { isCollection, type Document, type LineCounter } from 'yaml';
import type { z } from 'zod';

/** Something that is wrong with the settings: where, and what to do. */
export interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

/** One line per issue of zod's. Of the ways in which no member of a union fits, the closest is told. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue));
}

function problemsOfIssue(issue: z.core.$ZodIssue): Problem[] {
  const path = issue.path.map((key) => (typeof key === 'number' ? key : String(key)));
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors
      .filter((issues) => issues.some((inner) => inner.path.length > 0))
      .sort((a, b) => a.length - b.length)[0];
    if (deepest !== undefined) {
      return deepest.flatMap((inner) =>
        problemsOfIssue({ ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue),
      );
    }
  }
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: 'is not a setting: check its spelling',
    }));
  }
  return [{ path, message: issue.message }];
}

/** `escalier.yaml:12: tasks.gsm8k.threshold: …` */
export function locate(problem: Problem, file: string, document: Document, lines: LineCounter): string {
  const line = lineOf(problem.path, document, lines);
  const where = problem.path.length === 0 ? '' : `${problem.path.join('.')}: `;
  return `${file}${line === null ? '' : `:${line}`}: ${where}${problem.message}`;
}

/** The line of the deepest part of the path that is in the file. */
function lineOf(path: Problem['path'], document: Document, lines: LineCounter): number | null {
  for (let length = path.length; length > 0; length--) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (!isCollection(parent)) continue;
    const item = parent.items.find(
      (candidate, index) => keyOf(candidate, index) === String(path[length - 1]),
    );
    const node = item !== undefined && 'key' in (item as object) ? (item as { key: unknown }).key : item;
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] !== undefined) return lines.linePos(range[0]).line;
  }
  return null;
}

function keyOf(item: unknown, index: number): string {
  if (typeof item === 'object' && item !== null && 'key' in item) {
    const { key } = item;
    return String(typeof key === 'object' && key !== null && 'value' in key ? key.value : key);
  }
  return String(index);
}
