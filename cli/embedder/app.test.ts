import { describe, expect, it } from 'vitest';
import { unpackVector } from '../../core/vector.ts';
import { createEmbedderApp } from './app.ts';

const embedder = {
  model: 'tiny',
  embed: (texts: readonly string[]) =>
    texts.includes('break')
      ? Promise.reject(new Error('out of memory'))
      : Promise.resolve({ vectors: texts.map(({ length }) => [length, 0.5]), tokens: 7 }),
  close: () => Promise.resolve(),
};
const app = createEmbedderApp(embedder);
const post = async (body: unknown) => {
  const response = await app.request('/v1/embeddings', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return [response.status, await response.json()];
};

describe('the embeddings API over a local model', () => {
  it('gives a vector for each text, in their order, and what was read', async () => {
    expect(await post({ model: 'tiny', input: ['ab', 'c'], encoding_format: 'float' })).toEqual([
      200,
      {
        object: 'list',
        model: 'tiny',
        data: [
          { object: 'embedding', index: 0, embedding: [2, 0.5] },
          { object: 'embedding', index: 1, embedding: [1, 0.5] },
        ],
        usage: { prompt_tokens: 7, total_tokens: 7 },
      },
    ]);
  });

  it('takes one text, and packs vectors where it is asked to', async () => {
    const [status, body] = (await post({ model: 'tiny', input: 'abc', encoding_format: 'base64' })) as [
      number,
      { data: [{ embedding: string }] },
    ];
    expect(status).toBe(200);
    expect([...unpackVector(body.data[0].embedding)]).toEqual([3, 0.5]);
  });

  it('tells which model it has', async () => {
    const response = await app.request('/v1/models');
    expect(await response.json()).toMatchObject({ data: [{ id: 'tiny' }] });
  });

  it.each([
    ['{', 400, 'body'],
    [{ model: 'tiny', input: [] }, 400, 'input'],
    [{ model: 'tiny', input: [''] }, 400, 'input'],
    [{ model: 'other', input: 'a' }, 404, 'there is no model "other" here: this server has "tiny"'],
    [{ model: 'tiny', input: 'break' }, 500, 'out of memory'],
  ])('answers %j with %d', async (body, status, message) => {
    expect(await post(body)).toEqual([
      status,
      { error: { message: expect.stringContaining(message) as string, type: expect.any(String) as string } },
    ]);
  });
});
