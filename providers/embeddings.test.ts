import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { packVector, unpackVector } from '../core/vector.ts';
import { createProvider } from './openai-provider.ts';
import type { ModelOutcome } from './provider.ts';

interface Received {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

let close = (): void => undefined;
afterEach(() => {
  close();
});

/** What comes of asking a server to embed two texts that says one thing. */
async function embedded(
  status: number,
  body: object,
): Promise<{ outcome: ModelOutcome; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { url, headers } = incoming;
      received.push({ url, headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'r-1' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  const { port } = server.address() as AddressInfo;
  const provider = createProvider({
    ...{ name: 'own', kind: 'openai-compatible', apiKey: 'key' },
    baseUrl: `http://127.0.0.1:${port}/v1`,
  });
  const outcome = await provider.request(
    {
      ...{ modelId: 'e5', parameters: { dimensions: 2 }, stream: false, endpoint: 'embeddings' },
      messages: ['question', 'answer'].map((content) => ({ role: 'user', content })),
      ...{ timeoutMs: 5_000, attemptId: 'attempt-1' },
    },
    new AbortController().signal,
  );
  return { outcome, received };
}

const USAGE = { prompt_tokens: 7, total_tokens: 7 };
const list = (...data: object[]) => ({ object: 'list', data, model: 'e5-large', usage: USAGE });

describe('a request for embeddings', () => {
  test('is one request for all texts, and its vectors are kept in their order', async () => {
    const { outcome, received } = await embedded(
      200,
      list({ index: 1, embedding: [0.25, -1] }, { index: 0, embedding: [1, 0.5] }),
    );
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      url: '/v1/embeddings',
      headers: { 'x-client-request-id': 'attempt-1', authorization: 'Bearer key' },
      body: { model: 'e5', input: ['question', 'answer'], encoding_format: 'float', dimensions: 2 },
    });
    if (outcome.type !== 'answered') throw new Error(outcome.type);
    expect(outcome).toMatchObject({
      ...{ reportedModel: 'e5-large', requestId: 'r-1', httpStatus: 200 },
      usage: { inputTokens: 7, outputTokens: 0 },
    });
    const { vectors } = outcome.response.message;
    expect((vectors as string[]).map((text) => [...unpackVector(text)])).toEqual([
      [1, 0.5],
      [0.25, -1],
    ]);
  });

  test('takes base64 from a server that encodes whatever it is asked', async () => {
    const { outcome } = await embedded(200, list({ embedding: packVector([1, 2]) }, { embedding: [3, 4] }));
    expect(outcome.type).toBe('answered');
  });

  test.each<[number, object, string, RegExp]>([
    [200, list({ index: 0, embedding: [1] }), 'empty-response', /lacks the vectors of 1 of 2 texts/],
    [200, list({ embedding: [1] }, { embedding: ['x'] }), 'empty-response', /1 of 2/],
    [200, { object: 'list' }, 'unknown-response', /no list of embeddings/],
    [200, { error: { message: 'busy', code: 429 } }, 'rate-limited', /busy/],
    [404, { error: { message: 'no such model' } }, 'unknown-model', /e5/],
    [
      400,
      { error: { message: "This model's maximum context length is 8192 tokens" } },
      'context-too-long',
      /8192/,
    ],
    [503, {}, 'server-error', /503/],
  ])('fails by name: %d %j', async (status, body, kind, words) => {
    const { outcome } = await embedded(status, body);
    expect(outcome).toMatchObject({ type: 'failed', kind });
    expect(outcome.type === 'failed' && outcome.message).toMatch(words);
  });
});
