import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecordedQuery, RecordedResponse } from './format.ts';
import { readRecordedSet } from './read.ts';
import { createRecordedSetWriter } from './write.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recorded-'));
});
afterEach(() => rm(dir, { recursive: true }));

const query = (id: string): RecordedQuery => ({ id, task: 't', messages: [{ role: 'user', content: id }] });
const response = (id: string, model = 'a/b'): RecordedResponse => ({
  id,
  model,
  text: `answer\nto ${id}`,
  input_tokens: 3,
  output_tokens: 2,
});
const MODELS = { 'a/b': { provider: 'p', input_usd_per_mtok: 1, output_usd_per_mtok: 2 } };

describe('the writer of recorded sets', () => {
  it('writes what the reader reads, from calls that overlap', async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `q${index}`);
    const writer = await createRecordedSetWriter(dir);
    await Promise.all(ids.map((id) => writer.addQuery(query(id))));
    await Promise.all(ids.map((id) => writer.addResponse(response(id))));
    await writer.writeModels(MODELS);
    await writer.close();
    const set = await readRecordedSet(dir);
    expect(set.queries).toEqual(ids.map(query));
    expect([...set.responses.get('a/b')!.values()]).toEqual(ids.map((id) => response(id)));
    expect(set.models).toEqual(MODELS);
    expect(await readdir(dir)).toEqual(['models.json', 'queries.jsonl', 'responses']);
  });

  it('resumes after a crash within a line, which is bought again', async () => {
    const first = await createRecordedSetWriter(dir);
    await first.addQuery(query('q1'));
    await first.addQuery(query('q2'));
    await first.addResponse(response('q1'));
    await first.close();
    const file = join(dir, 'responses', 'a%2Fb.jsonl');
    await appendFile(file, '{"id":"q2","mod');

    const second = await createRecordedSetWriter(dir);
    expect([second.hasResponse('a/b', 'q1'), second.hasResponse('a/b', 'q2')]).toEqual([true, false]);
    expect(second.hasResponse('c', 'q1')).toBe(false);
    await second.addQuery(query('q1'));
    await second.addResponse(response('q2'));
    expect(second.hasResponse('a/b', 'q2')).toBe(true);
    await second.writeModels(MODELS);
    await second.close();
    const set = await readRecordedSet(dir);
    expect([...set.responses.get('a/b')!.keys()]).toEqual(['q1', 'q2']);
  });

  it('completes a last line that only lacks its line break', async () => {
    await writeFile(join(dir, 'queries.jsonl'), JSON.stringify(query('q1')));
    const writer = await createRecordedSetWriter(dir);
    await writer.addQuery(query('q2'));
    await writer.close();
    expect((await readFile(join(dir, 'queries.jsonl'), 'utf8')).split('\n')).toHaveLength(3);
  });

  it('refuses what would make the set ambiguous', async () => {
    const writer = await createRecordedSetWriter(dir);
    await expect(writer.addResponse(response('q1'))).rejects.toThrow(/no query "q1"/);
    await writer.addQuery(query('q1'));
    await expect(writer.addQuery({ ...query('q1'), task: 'other' })).rejects.toThrow(/another query "q1"/);
    await writer.addResponse(response('q1'));
    await expect(writer.addResponse(response('q1'))).rejects.toThrow(/already has the response/);
    await writer.close();
    await writeFile(join(dir, 'responses', 'z.jsonl.gz'), gzipSync(''));
    await expect(createRecordedSetWriter(dir)).rejects.toThrow(/z\.jsonl\.gz is compressed/);
  });
});
