import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../cli/exit.ts';
import * as client from '../client/index.ts';
import { OUTCOMES } from '../core/cascade.ts';
import { FAILURES } from '../core/failure.ts';
import { ERROR_CODES } from '../core/result.ts';

const page = await readFile(new URL('errors.md', import.meta.url), 'utf8');

/** The rows of the table under a heading of the page, a list of cells each. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(`\n## ${heading}\n`)[1]?.split(/\n##+ /)[0];
  if (section === undefined) throw new Error(`docs/errors.md has no heading "${heading}"`);
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replace(/^`(.*)`$/, '$1')),
    );
}

const firstCells = (heading: string): (string | undefined)[] => rowsUnder(heading).map(([first]) => first);

describe('the tables of docs/errors.md', () => {
  test('have every error code, with its class', () => {
    expect(firstCells('Error codes').sort()).toEqual([...ERROR_CODES, 'unavailable'].sort());
    for (const [, name = ''] of rowsUnder('Error codes')) expect(client).toHaveProperty(name);
  });

  test('have every outcome', () => {
    expect(firstCells('Outcomes')).toEqual([...OUTCOMES]);
  });

  test('have every failure kind, with what is done about it', () => {
    expect(Object.fromEntries(rowsUnder('Failure kinds').map(([kind, then]) => [kind, then]))).toEqual(
      FAILURES,
    );
  });

  test('have every exit code, by its name', () => {
    expect(Object.fromEntries(rowsUnder('Exit codes').map(([code, name]) => [name, Number(code)]))).toEqual(
      EXIT,
    );
  });
});
