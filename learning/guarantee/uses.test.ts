import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimUse, upcomingUse } from './uses.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-uses-'));
  file = join(folder, 'certify-uses.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const split = (sha256: string, ...ids: string[]) => ({ sha256, ids });
const ab = split('ab', 'a', 'b');

const at = (delta: number, sha256: string) => ({ sha256, delta });

async function use(of: { sha256: string; ids: string[] }, test: string): Promise<number> {
  return (await claimUse(file, of, at(0.1, test))).use;
}

test('each other test is one more use; the same test again is none', async () => {
  const first = { splitSha256: 'ab', testSha256: 't1', use: 1, delta: 0.1 };
  expect(await claimUse(file, ab, at(0.1, 't1'))).toEqual(first);
  expect(await use(ab, 't2')).toBe(2);
  const { size } = await stat(file);
  expect(await use(ab, 't1')).toBe(1);
  expect(await use(ab, 't2')).toBe(2);
  expect((await stat(file)).size).toBe(size);
  expect(await use(ab, 't3')).toBe(3);
});

test('which use it would be can be asked without using the labels', async () => {
  expect(await upcomingUse(file, ab, at(0.1, 't1'))).toMatchObject({ use: 1 });
  expect(await use(ab, 't1')).toBe(1);
  expect(await upcomingUse(file, ab, at(0.1, 't2'))).toMatchObject({ use: 2 });
  expect(await upcomingUse(file, ab, at(0.1, 't2'))).toMatchObject({ use: 2 });
  expect(await upcomingUse(file, ab, at(0.1, 't1'))).toMatchObject({ use: 1 });
});

test('a split that shares a query is used too, whatever its hash; another is fresh', async () => {
  expect(await use(ab, 't1')).toBe(1);
  expect(await use(split('cd', 'c', 'd'), 't1')).toBe(1);
  // The tests of b: 1, 2. Of c: 1, 2.
  expect(await use(split('bc', 'b', 'c'), 't1')).toBe(2);
  // d was tested once, but c, which is in here, twice.
  expect(await use(split('cd2', 'c', 'd'), 't1')).toBe(3);
  expect(await use(split('relabelled', 'a', 'b'), 't1')).toBe(3);
  expect(await use(split('ef', 'e', 'f'), 't1')).toBe(1);
});

test('who claims at the same time gets a use of his own', async () => {
  const ids = Array.from({ length: 500 }, (_, at) => `query-${at}`);
  const claims = Array.from({ length: 20 }, (_, nth) =>
    claimUse(file, { sha256: 's', ids }, at(0.1, `t${nth}`)),
  );
  const uses = (await Promise.all(claims)).map((claim) => claim.use).sort((a, b) => a - b);
  expect(uses).toEqual(claims.map((_claim, nth) => nth + 1));
});

test('what all tests of a query spend adds up to at most the δ of its first', async () => {
  const deltas: [number, number][] = [
    [0.1, 0.1],
    [0.5, 0.1],
    [0.01, 0.01],
    [0.2, 0.1],
  ];
  for (const [nth, [asked, delta]] of deltas.entries())
    expect(await claimUse(file, ab, at(asked, `t${nth}`))).toMatchObject({ use: nth + 1, delta });
  // c begins with 0.5, and shares its next test with a, which began with 0.1.
  expect(await claimUse(file, split('c', 'c'), at(0.5, 't'))).toMatchObject({ use: 1, delta: 0.5 });
  expect(await claimUse(file, split('ac', 'a', 'c'), at(0.5, 't'))).toMatchObject({ use: 5, delta: 0.1 });
  expect(await upcomingUse(file, split('c2', 'c'), at(0.5, 't'))).toEqual({ use: 6, delta: 0.5 });
  expect(await claimUse(file, ab, at(0.5, 't1'))).toMatchObject({ use: 2, delta: 0.1 });
});

test('a line from before δ was kept is one at the default', async () => {
  await use(ab, 't1');
  const [line] = (await readFile(file, 'utf8')).trim().split('\n');
  const { delta, ...before } = JSON.parse(line!) as { delta: number };
  expect(delta).toBe(0.1);
  await writeFile(file, JSON.stringify(before));
  // The test itself has the δ that it always had.
  expect(await claimUse(file, ab, at(0.05, 't1'))).toMatchObject({ use: 1, delta: 0.05 });
  expect(await claimUse(file, ab, at(0.5, 't2'))).toMatchObject({ use: 2, delta: 0.1 });
});

test('the same test claimed twice at once is one use', async () => {
  const uses = await Promise.all([use(ab, 't'), use(ab, 't'), use(ab, 't')]);
  expect(uses).toEqual([1, 1, 1]);
  expect(await use(ab, 'other')).toBe(2);
});

test('a line that was cut off is named, and spoils no later one', async () => {
  await use(ab, 't1');
  await appendFile(file, '\n{"split":"ab","te');
  await expect(use(ab, 't2')).rejects.toThrow(`${file}:4 is no use of a split`);
  await writeFile(file, '{"split":"ab"}');
  await expect(use(ab, 't2')).rejects.toThrow(':1 is no use of a split');
});

test('a folder that is not there is an error, not a first use', async () => {
  await expect(claimUse(join(folder, 'none', 'uses'), ab, at(0.1, 't'))).rejects.toThrow('ENOENT');
});
