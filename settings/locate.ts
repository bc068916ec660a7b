import { isCollection, type Document, type LineCounter } from 'yaml';
import { redact } from '../providers/redact.ts';
import type { Path, Problem } from './problems.ts';

/** `escalier.yaml:12: tasks.gsm8k.threshold: …`, in the order of the file, each once. Never holds what looks like a key. */
export function located(
  problems: readonly Problem[],
  file: string,
  document: Document,
  lines: LineCounter,
): string[] {
  const told = problems
    .map(({ path, message }) => ({ path, message, line: lineOf(path, document, lines) }))
    .sort((a, b) => (a.line ?? 0) - (b.line ?? 0))
    .map(({ path, message, line }) => {
      const where = path.length === 0 ? '' : `${path.join('.')}: `;
      return redact(`${at(file, line)}: ${where}${message}`, []);
    });
  return [...new Set(told)];
}

/** `escalier.yaml:12` */
export function at(file: string, line: number | null): string {
  return line === null ? file : `${file}:${line}`;
}

/** The line of the deepest part of the path that is in the file. */
function lineOf(path: Path, document: Document, lines: LineCounter): number | null {
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
