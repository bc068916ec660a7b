import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractAnswer } from '../core/answer.ts';
import { readRecordedSet } from './read.ts';
import { writeSyntheticSet } from './synthetic.ts';

/** The set that ships with the project. After a change of the generator `vitest run -u` writes it anew. */
const demo = join(import.meta.dirname, '../demo/recorded');

describe('the synthetic set', () => {
  let dir: string;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'synthetic-'));
    await writeSyntheticSet(dir, { queries: 120, seed: 1 });
  });
  afterAll(() => rm(dir, { recursive: true }));

  it('is the one that ships with the project, below 200 KB', async () => {
    const files = ['models.json', 'queries.jsonl'];
    files.push(...(await readdir(join(dir, 'responses'))).map((name) => join('responses', name)));
    expect(files).toHaveLength(5);
    let bytes = 0;
    for (const file of files) {
      await expect(await readFile(join(dir, file), 'utf8')).toMatchFileSnapshot(join(demo, file));
      bytes += (await stat(join(dir, file))).size;
    }
    expect(bytes).toBeLessThan(200_000);
  });

  it('labels its answers truly, and its models differ as their prices do', async () => {
    const { queries, responses, models } = await readRecordedSet(dir);
    expect(new Set(queries.map(({ messages }) => JSON.stringify(messages))).size).toBe(120);
    const right = new Map<string, number>();
    for (const [model, answers] of responses) {
      for (const { id, reference } of queries) {
        const { text, correct } = answers.get(id)!;
        const answer = extractAnswer(text, { from: 'json', pointer: '/answer', normalise: 'number' }, 0);
        expect(answer === reference ? 1 : 0).toBe(correct);
        right.set(model, (right.get(model) ?? 0) + correct!);
      }
    }
    expect([...right]).toEqual([
      ['small', 96],
      ['medium', 108],
      ['large', 116],
    ]);
    expect(Object.values(models).map(({ provider }) => provider)).toEqual(Array(3).fill('synthetic'));
  });

  it('errs only partly on the same queries', async () => {
    const { queries, responses } = await readRecordedSet(dir);
    const wrong = (model: string, id: string): boolean => responses.get(model)?.get(id)?.correct === 0;
    const both = queries.filter(({ id }) => wrong('small', id) && wrong('medium', id)).length;
    // Independent errors would meet in 2.4 of 120, equal ones in 12.
    expect(both).toBeGreaterThanOrEqual(3);
    expect(both).toBeLessThanOrEqual(10);
  });
});
