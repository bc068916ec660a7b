import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readRecordedSet } from './read.ts';

const QUERY = { id: 'q1', task: 'sums', messages: [{ role: 'user', content: '1 + 1 = … „two“?' }] };
const RESPONSE = { id: 'q1', model: 'm', text: '2', input_tokens: 5, output_tokens: 1, correct: 1 };
const MODELS = { m: { provider: 'p', input_usd_per_mtok: 1, output_usd_per_mtok: 2, note: 'kept' } };

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'recorded-'));
  await mkdir(join(dir, 'responses'));
});
afterEach(() => rm(dir, { recursive: true }));

const lines = (...rows: unknown[]): string => rows.map((row) => JSON.stringify(row)).join('\n');

async function put(files: Record<string, string | Buffer>): Promise<void> {
  const set = {
    'models.json': JSON.stringify(MODELS),
    'queries.jsonl': lines(QUERY),
    'responses/m.jsonl': lines(RESPONSE),
  };
  for (const [name, content] of Object.entries({ ...set, ...files }))
    await writeFile(join(dir, name), content);
}

describe('a recorded set', () => {
  it('is read whole, other keys of a model included', async () => {
    await put({});
    const set = await readRecordedSet(dir);
    expect(set.queries).toEqual([QUERY]);
    expect(set.responses.get('m')?.get('q1')).toEqual(RESPONSE);
    expect(set.models).toEqual(MODELS);
  });

  it('may be compressed, whatever the lines are longer than', async () => {
    const long = { ...RESPONSE, text: 'é'.repeat(200_000) };
    await put({ 'responses/m.jsonl': '' });
    await rm(join(dir, 'responses/m.jsonl'));
    await writeFile(join(dir, 'responses/m.jsonl.gz'), gzipSync(`\n${lines(long)}\n\n`));
    const set = await readRecordedSet(dir);
    expect(set.responses.get('m')?.get('q1')?.text).toBe(long.text);
  });

  it('may begin with a byte order mark', async () => {
    const marked = (text: string) => `\uFEFF${text}`;
    await put({ 'models.json': marked(JSON.stringify(MODELS)), 'queries.jsonl': marked(lines(QUERY)) });
    expect((await readRecordedSet(dir)).queries).toEqual([QUERY]);
  });

  it('says what a label may be', async () => {
    await put({ 'responses/m.jsonl': lines({ ...RESPONSE, correct: true }) });
    await expect(readRecordedSet(dir)).rejects.toThrow(
      'm.jsonl:1 is not as the format asks: correct: expected 0 or 1',
    );
  });

  it('is read for some models only, whose names may hold what file names cannot', async () => {
    await put({
      'models.json': JSON.stringify({ ...MODELS, 'a/b': MODELS.m }),
      'responses/a%2Fb.jsonl': lines({ ...RESPONSE, model: 'a/b' }),
    });
    const set = await readRecordedSet(dir, { models: ['a/b'] });
    expect([...set.responses.keys()]).toEqual(['a/b']);
    expect(Object.keys(set.models)).toEqual(['a/b']);
    expect([...(await readRecordedSet(dir)).responses.keys()]).toEqual(['m', 'a/b']);
    await expect(readRecordedSet(dir, { models: ['c'] })).rejects.toThrow(/no responses of "c".*m/);
  });

  it.each([
    ['responses/m.jsonl', `${lines(RESPONSE)}\n{"id":`, /m\.jsonl:2 is not JSON/],
    ['responses/m.jsonl', lines({ ...RESPONSE, input_tokens: -1 }), /m\.jsonl:1 .*input_tokens/],
    ['responses/m.jsonl', lines(RESPONSE, RESPONSE), /m\.jsonl:2: .*"q1" stands twice/],
    ['responses/m.jsonl', lines({ ...RESPONSE, id: 'q2' }), /m\.jsonl:1: .*"q2" is not among the queries/],
    ['responses/m.jsonl', lines({ ...RESPONSE, model: 'n' }), /m\.jsonl:1: .*belong in n\.jsonl/],
    ['responses/m.jsonl', lines({ ...RESPONSE, cached_tokens: 6 }), /m\.jsonl:1: cached_tokens/],
    ['responses/n.jsonl', lines({ ...RESPONSE, model: 'n' }), /models\.json has no entry "n"/],
    ['responses/%.jsonl', '', /percent-encode/],
    ['responses/m.jsonl.gz', gzipSync(''), /delete one of the two/],
    [
      'queries.jsonl',
      lines({ ...QUERY, messages: [{}] }),
      /queries\.jsonl:1 .*messages\.0: expected a chat message/,
    ],
    ['queries.jsonl', lines(QUERY, QUERY), /queries\.jsonl:2: the id "q1" stands twice/],
    ['models.json', '{"m": {"provider": "p"}}', /models\.json .*m\.input_usd_per_mtok/],
  ])('with a fault in %s names it', async (file, content, message) => {
    await put({ [file]: content });
    await expect(readRecordedSet(dir)).rejects.toThrow(message);
  });

  it('that is broken as a compressed file, or is no set, says so', async () => {
    await expect(readRecordedSet(dir)).rejects.toThrow(/is no recorded set/);
    await put({});
    await rm(join(dir, 'responses/m.jsonl'));
    await writeFile(join(dir, 'responses/m.jsonl.gz'), 'not gzip');
    await expect(readRecordedSet(dir)).rejects.toThrow(/m\.jsonl\.gz cannot be read/);
  });
});

const root = process.env['ESCALIER_RECORDED'] ?? join(import.meta.dirname, '../../shared/recorded');
const gsm8k = join(root, 'gsm8k');

describe.skipIf(!existsSync(gsm8k))('the recorded gsm8k', () => {
  it('holds the responses of 19 models to 1319 queries', async () => {
    const set = await readRecordedSet(gsm8k);
    expect(set.queries).toHaveLength(1319);
    expect(Object.keys(set.models)).toHaveLength(19);
    expect([...set.responses.values()].map(({ size }) => size)).toEqual(Array(19).fill(1319));
  });
});

describe('evidence of a recorded set', () => {
  const JUDGEMENT = { id: 'q1', model: 'm', grade: 0.7, input_tokens: 9, output_tokens: 3 };
  const VECTOR = { id: 'q1', vector: [0.5, 0.1], input_tokens: 4 };
  const files = (more: Record<string, string> = {}) => ({
    'models.json': JSON.stringify({ ...MODELS, j: MODELS.m, e: MODELS.m }),
    'judgements/j.jsonl': lines(JUDGEMENT),
    'embeddings/e.jsonl': lines(VECTOR, { ...VECTOR, model: 'm', vector: 'AAAAPwAAgD8=' }),
    ...more,
  });
  beforeEach(async () => {
    await mkdir(join(dir, 'judgements'));
    await mkdir(join(dir, 'embeddings'));
  });

  it('is read where it is asked for, and its models are no candidates', async () => {
    await put(files());
    expect(await readRecordedSet(dir)).not.toHaveProperty('evidence');
    const { evidence, models } = await readRecordedSet(dir, { evidence: 'all' });
    expect(Object.keys(models)).toEqual(['m']);
    expect(Object.keys(evidence!.models)).toEqual(['j', 'e']);
    expect(evidence!.judgements.get('j')?.get('["q1","m"]')).toEqual(JUDGEMENT);
    const vectors = evidence!.embeddings.get('e')!;
    expect([...vectors.get('["q1"]')!.vector]).toEqual([0.5, Math.fround(0.1)]);
    expect([...vectors.get('["q1","m"]')!.vector]).toEqual([0.5, 1]);
    const some = (await readRecordedSet(dir, { evidence: { judge: 'j' } })).evidence!;
    expect([...some.judgements.keys(), ...some.embeddings.keys()]).toEqual(['j']);
  });

  it.each<[Record<string, string>, { judge?: string; embedder?: string } | 'all', RegExp]>([
    [{}, { judge: 'x' }, /no judgements of "x" \(j\).*escalier annotate .* --judge x/],
    [{}, { embedder: 'x' }, /no embeddings of "x"/],
    [{ 'models.json': JSON.stringify(MODELS) }, 'all', /no entry "j": add its prices/],
    [{ 'judgements/j.jsonl': lines(JUDGEMENT, JUDGEMENT) }, 'all', /jsonl:2: .*stands twice/],
    [{ 'judgements/j.jsonl': lines({ ...JUDGEMENT, grade: 7 }) }, 'all', /grade/],
    [{ 'embeddings/e.jsonl': lines(VECTOR, VECTOR) }, 'all', /jsonl:2: .*stands twice/],
    [
      { 'embeddings/e.jsonl': lines(VECTOR, { ...VECTOR, model: 'm', vector: [1] }) },
      'all',
      /has 1 numbers, those before it 2/,
    ],
    [{ 'embeddings/e.jsonl': lines({ ...VECTOR, vector: 'AAAA' }) }, 'all', /vector/],
  ])('says what is wrong with %j', async (more, evidence, problem) => {
    await put(files(more));
    await expect(readRecordedSet(dir, { evidence })).rejects.toThrow(problem);
  });
});
