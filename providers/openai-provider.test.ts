import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../core/policy.ts';
import type { ProviderConfig } from './openai-client.ts';
import { createProvider } from './openai-provider.ts';
import type { ModelOutcome, ModelRequest } from './provider.ts';

/** A loopback server for one test. It keeps what it was asked. */
interface TestServer {
  /** Ends in `/v1`. */
  readonly baseUrl: string;
  readonly requests: readonly ReceivedRequest[];
  close(): Promise<void>;
}

interface ReceivedRequest {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Record<string, unknown>;
}

/** @param answer writes the response to each request, once its body has come. */
async function startServer(
  answer: (response: ServerResponse, request: ReceivedRequest) => void,
): Promise<TestServer> {
  const requests: ReceivedRequest[] = [];
  const server = createHttpServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}') as Record<string, unknown>;
      const request = { url: incoming.url ?? '', headers: incoming.headers, body };
      requests.push(request);
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => {
          resolve();
        });
      }),
  };
}

const KEY = 'very-secret-key-0123456789';
const NEVER = new AbortController().signal;
let server: TestServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

async function serve(
  answer: (response: ServerResponse, request: ReceivedRequest) => void,
): Promise<TestServer> {
  server = await startServer(answer);
  return server;
}

function configFor(baseUrl: string, rest: Partial<ProviderConfig> = {}): ProviderConfig {
  return { name: 'main', kind: 'openai', baseUrl, apiKey: KEY, ...rest };
}

function requestOf(rest: Partial<ModelRequest> = {}): ModelRequest {
  return {
    modelId: 'small-1',
    messages: [{ role: 'user', content: 'What is 2 + 2?' }],
    parameters: {},
    stream: false,
    timeoutMs: 20_000,
    attemptId: 'attempt-7',
    ...rest,
  };
}

function ask(at: TestServer, request: Partial<ModelRequest> = {}, config: Partial<ProviderConfig> = {}) {
  return createProvider(configFor(at.baseUrl, config)).request(requestOf(request), NEVER);
}

function sendJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

function sendEvents(
  response: ServerResponse,
  chunks: readonly unknown[],
  end: 'done' | 'cut' | 'break' = 'done',
): void {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': 'req-stream' });
  for (const chunk of chunks) response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  if (end === 'break') {
    // Flushed first, so that the client sees the chunks before the reset.
    response.write('', () => response.destroy());
    return;
  }
  response.end(end === 'done' ? 'data: [DONE]\n\n' : undefined);
}

function completion(message: JsonObject, rest: JsonObject = {}, choice: JsonObject = {}): JsonObject {
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'small-1-2026-01-01',
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop', ...choice }],
    usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
    ...rest,
  };
}

function chunk(delta: JsonObject, choice: JsonObject = {}): JsonObject {
  return {
    id: 'chatcmpl-2',
    object: 'chat.completion.chunk',
    model: 'small-1-2026-01-01',
    choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  };
}

const USAGE_CHUNK = {
  id: 'chatcmpl-2',
  model: 'small-1-2026-01-01',
  choices: [],
  usage: { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 },
};

function deferred() {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function failure(outcome: ModelOutcome) {
  if (outcome.type !== 'failed') throw new Error(`expected a failure, got ${JSON.stringify(outcome)}`);
  return outcome;
}

function answer(outcome: ModelOutcome) {
  if (outcome.type !== 'answered') throw new Error(`expected an answer, got ${JSON.stringify(outcome)}`);
  return outcome;
}

describe('a request', () => {
  test('is posted as it was given, once, with the key and the attempt id', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }), 200, { 'x-request-id': 'req-1' });
    });
    const messages = [
      { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] },
    ];
    const parameters = {
      temperature: 0,
      seed: 7,
      tools: [{ type: 'function', function: { name: 'f' } }],
      odd: { a: 1 },
    };
    const outcome = answer(await ask(at, { messages, parameters }, { headers: { 'X-Title': 'test' } }));

    expect(at.requests).toHaveLength(1);
    const [received] = at.requests;
    expect(received!.url).toBe('/v1/chat/completions');
    expect(received!.body).toEqual({ model: 'small-1', messages, ...parameters });
    expect(received!.headers).toMatchObject({
      authorization: `Bearer ${KEY}`,
      'x-client-request-id': 'attempt-7',
      'x-title': 'test',
    });
    expect(outcome).toMatchObject({
      usage: { inputTokens: 12, outputTokens: 5 },
      responseId: 'chatcmpl-1',
      requestId: 'req-1',
      reportedModel: 'small-1-2026-01-01',
      httpStatus: 200,
      timeToFirstTokenMs: null,
      reportedCostUsd: null,
      billed: 'maybe',
      response: { text: '4', finishReason: 'stop', logprobs: null },
    });
  });

  test('to Azure carries the key as api-key, and the query', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }));
    });
    await ask(at, {}, { kind: 'azure', query: { 'api-version': '2024-10-21' } });
    expect(at.requests[0]!.url).toBe('/v1/chat/completions?api-version=2024-10-21');
    expect(at.requests[0]!.headers['api-key']).toBe(KEY);
    expect(at.requests[0]!.headers.authorization).toBeUndefined();
  });

  test('without a key carries none, whatever the environment holds', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }));
    });
    const before = { ...process.env };
    process.env['OPENAI_API_KEY'] = 'from-the-environment';
    process.env['OPENAI_ADMIN_KEY'] = 'admin-from-the-environment';
    process.env['OPENAI_ORG_ID'] = 'org-from-the-environment';
    try {
      await ask(at, {}, { kind: 'vllm', apiKey: null });
    } finally {
      for (const name of ['OPENAI_API_KEY', 'OPENAI_ADMIN_KEY', 'OPENAI_ORG_ID']) {
        if (before[name] === undefined) Reflect.deleteProperty(process.env, name);
        else process.env[name] = before[name];
      }
    }
    expect(at.requests[0]!.headers.authorization).toBeUndefined();
    expect(JSON.stringify(at.requests[0]!.headers)).not.toContain('environment');
  });

  test('without the key that its provider requires is never sent', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }));
    });
    const outcome = failure(await ask(at, {}, { apiKey: null }));
    expect(outcome).toMatchObject({ kind: 'authentication', billed: 'no', httpStatus: null });
    expect(outcome.message).toContain('OPENAI_API_KEY');
    expect(at.requests).toHaveLength(0);
  });

  test.each([429, 500, 503])(
    'is not repeated after a %d, even when the vendor asks for it',
    async (status) => {
      const at = await serve((response) => {
        sendJson(response, { error: { message: 'again' } }, status, {
          'x-should-retry': 'true',
          'retry-after': '0',
        });
      });
      failure(await ask(at));
      expect(at.requests).toHaveLength(1);
    },
  );

  test('does not follow a redirect, which would be another request', async () => {
    const at = await serve((response) => {
      response.writeHead(307, { location: 'https://elsewhere.test/v1' }).end();
    });
    const outcome = failure(await ask(at));
    expect(outcome).toMatchObject({ kind: 'unknown-response', httpStatus: 307, billed: 'no' });
    expect(outcome.message).toContain('https://elsewhere.test/v1');
    expect(at.requests).toHaveLength(1);
  });

  test('that cannot be made is a bad request that was not billed', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }));
    });
    const outcome = failure(await ask(at, { attemptId: 'a\nb' }));
    expect(outcome).toMatchObject({ kind: 'bad-request', billed: 'no' });
    expect(at.requests).toHaveLength(0);
  });
});

describe('a response', () => {
  test('with tool calls is their canonical JSON, without their random ids', async () => {
    const call = (id: string) => ({
      id,
      type: 'function',
      function: { name: 'add', arguments: '{"b":2,"a":1}' },
    });
    const texts = [];
    for (const id of ['call_x', 'call_y']) {
      const at = await serve((response) => {
        sendJson(
          response,
          completion({ content: null, tool_calls: [call(id)] }, {}, { finish_reason: 'tool_calls' }),
        );
      });
      const outcome = answer(await ask(at, { parameters: { response_format: { type: 'json_object' } } }));
      expect(outcome.response.message['tool_calls']).toEqual([call(id)]);
      texts.push(outcome.response.text);
      await at.close();
    }
    expect(texts).toEqual(Array(2).fill('[{"arguments":{"a":1,"b":2},"name":"add"}]'));
  });

  test('keeps the logprobs', async () => {
    const at = await serve((response) => {
      const logprobs = {
        content: [
          { token: '4', logprob: -0.25 },
          { token: '.', logprob: -1.5 },
        ],
      };
      sendJson(response, completion({ content: '4.' }, {}, { logprobs }));
    });
    expect(answer(await ask(at)).response.logprobs).toEqual([-0.25, -1.5]);
  });

  test('of OpenRouter carries its own cost', async () => {
    const at = await serve((response) => {
      const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17, cost: 0.0000123 };
      sendJson(response, completion({ content: '4' }, { usage }));
    });
    expect((await ask(at)).reportedCostUsd).toBe('0.0000123');
  });

  test('of LiteLLM carries its cost in a header', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }), 200, { 'x-litellm-response-cost': '1.25e-05' });
    });
    expect((await ask(at, {}, { kind: 'litellm' })).reportedCostUsd).toBe('0.0000125');
  });

  const unusable: [string, JsonObject, JsonObject, { kind: string; text: string | null; says: string }][] = [
    ['without choices', { choices: [] }, {}, { kind: 'empty-response', text: null, says: 'no choice' }],
    ['of another shape', { choices: null }, {}, { kind: 'unknown-response', text: null, says: 'not a chat' }],
    [
      'with an error',
      { choices: [], error: { code: 502, message: 'upstream fell over' } },
      {},
      { kind: 'server-error', text: null, says: 'upstream fell over' },
    ],
    [
      'with a rate limit',
      { error: { code: 429, message: 'slow down' } },
      {},
      { kind: 'rate-limited', text: null, says: 'slow down' },
    ],
    [
      'that is empty',
      completion({ content: '' }),
      {},
      { kind: 'empty-response', text: null, says: 'finish_reason stop' },
    ],
    [
      'of reasoning alone',
      completion({ content: null }, {}, { finish_reason: 'length' }),
      {},
      { kind: 'empty-response', text: null, says: 'reasoning may have used up' },
    ],
    [
      'that is a refusal',
      completion({ content: null, refusal: 'No.' }),
      {},
      { kind: 'refusal', text: 'No.', says: 'refused' },
    ],
    [
      'that was filtered',
      completion({ content: 'Par' }, {}, { finish_reason: 'content_filter' }),
      {},
      { kind: 'refusal', text: 'Par', says: 'content_filter' },
    ],
    [
      'that is no JSON',
      completion({ content: 'four' }),
      { response_format: { type: 'json_object' } },
      { kind: 'invalid-output', text: 'four', says: 'response_format' },
    ],
    [
      'of cut JSON',
      completion({ content: '{"a":' }, {}, { finish_reason: 'length' }),
      { response_format: { type: 'json_schema', json_schema: { name: 'a' } } },
      { kind: 'invalid-output', text: '{"a":', says: 'raise max_tokens' },
    ],
  ];
  test.each(unusable)('%s is a failure that keeps its usage', async (_name, body, parameters, expected) => {
    const usage = { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 };
    const at = await serve((response) => {
      sendJson(response, { usage, ...body });
    });
    const outcome = failure(await ask(at, { parameters }));
    expect(outcome.kind).toBe(expected.kind);
    expect(outcome.response?.text ?? null).toBe(expected.text);
    expect(outcome.message).toContain(expected.says);
    expect(outcome).toMatchObject({
      usage: { inputTokens: 12, outputTokens: 5 },
      billed: 'maybe',
      httpStatus: 200,
    });
  });

  test('that is no JSON is an unknown response', async () => {
    const at = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"id": "chat');
    });
    expect(failure(await ask(at))).toMatchObject({
      kind: 'unknown-response',
      httpStatus: 200,
      billed: 'maybe',
    });
  });

  test('whose connection breaks is a connection failure that may be billed', async () => {
    const at = await serve((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
      response.write('{"id":', () => response.destroy());
    });
    expect(failure(await ask(at))).toMatchObject({ kind: 'connection', httpStatus: 200, billed: 'maybe' });
  });

  test.each([
    [
      'Mistral',
      422,
      { object: 'error', message: { detail: [{ msg: 'Extra inputs are not permitted' }] } },
      'bad-request',
      'Extra inputs',
    ],
    [
      'Google',
      429,
      [
        {
          error: {
            code: 429,
            message: 'Quota',
            status: 'RESOURCE_EXHAUSTED',
            details: [{ retryDelay: '36s' }],
          },
        },
      ],
      'rate-limited',
      'Quota',
    ],
    ['FastAPI', 404, { detail: 'Not Found' }, 'unknown-model', 'Not Found'],
    ['Ollama', 404, { error: 'model "x" not found, try pulling it first' }, 'unknown-model', 'pulling'],
  ])('of %s keeps the vendor’s words of a %d', async (_vendor, status, body, kind, words) => {
    const at = await serve((response) => {
      sendJson(response, body, status);
    });
    const outcome = failure(await ask(at));
    expect(outcome).toMatchObject({ kind, httpStatus: status, billed: 'no' });
    expect(outcome.message).toContain(words);
    if (_vendor === 'Google') expect(outcome.retryAfterMs).toBe(36_000);
  });

  test('with status 408 or 500 may be billed', async () => {
    for (const status of [408, 500]) {
      const at = await serve((response) => {
        sendJson(response, { error: { message: 'late' } }, status);
      });
      expect((await ask(at)).billed).toBe('maybe');
      await at.close();
    }
  });
});

describe('a stream', () => {
  test('adds up to the response, its logprobs, its usage and its time to the first token', async () => {
    const at = await serve((response) => {
      sendEvents(response, [
        chunk({ role: 'assistant', content: '' }),
        chunk({ content: null, reasoning_content: 'Two and ' }),
        chunk({ reasoning_content: 'two.' }),
        chunk({ content: '4' }, { logprobs: { content: [{ token: '4', logprob: -0.5 }] } }),
        chunk({ content: '.' }, { logprobs: { content: [{ token: '.', logprob: -1 }] } }),
        chunk({}, { finish_reason: 'stop' }),
        USAGE_CHUNK,
      ]);
    });
    const outcome = answer(await ask(at, { stream: true, parameters: { stream_options: { extra: true } } }));
    expect(at.requests[0]!.body).toMatchObject({
      stream: true,
      stream_options: { extra: true, include_usage: true },
    });
    expect(outcome.response).toMatchObject({ text: '4.', finishReason: 'stop', logprobs: [-0.5, -1] });
    expect(outcome.response.message).toMatchObject({
      role: 'assistant',
      content: '4.',
      reasoning_content: 'Two and two.',
    });
    expect(outcome).toMatchObject({
      usage: { inputTokens: 12, outputTokens: 5 },
      responseId: 'chatcmpl-2',
      requestId: 'req-stream',
      reportedModel: 'small-1-2026-01-01',
    });
    expect(outcome.timeToFirstTokenMs).toBeLessThanOrEqual(outcome.latencyMs);
  });

  test('adds up tool calls, also where the vendor leaves out their index and type', async () => {
    const at = await serve((response) => {
      sendEvents(response, [
        chunk({ tool_calls: [{ id: 'call_1', function: { name: 'add', arguments: '{"a":' } }] }),
        chunk({ tool_calls: [{ function: { arguments: '1}' } }] }),
        chunk({ tool_calls: [{ id: 'call_2', function: { name: 'add', arguments: '{"a":2}' } }] }),
        chunk({}, { finish_reason: 'tool_calls' }),
      ]);
    });
    const { response } = answer(await ask(at, { stream: true }));
    expect(response.text).toBe('[{"arguments":{"a":1},"name":"add"},{"arguments":{"a":2},"name":"add"}]');
    expect(response.message['tool_calls']).toMatchObject([
      { id: 'call_1', type: 'function' },
      { id: 'call_2' },
    ]);
  });

  test('from a vendor that changes the id and never says [DONE] is whole with its finish_reason', async () => {
    const at = await serve((response) => {
      const chunks = [
        chunk({ content: 'fo' }),
        chunk({ content: 'ur' }),
        chunk({}, { finish_reason: 'stop' }),
      ];
      sendEvents(
        response,
        chunks.map((one, i) => ({ ...one, id: `id-${i}` })),
        'cut',
      );
    });
    const outcome = answer(await ask(at, { stream: true }));
    expect(outcome.response.text).toBe('four');
    expect(outcome).toMatchObject({ responseId: 'id-0', usage: null, billed: 'maybe' });
  });

  test.each(['cut', 'break', 'done'] as const)(
    'without a finish_reason is cut (%s), never a success',
    async (end) => {
      const at = await serve((response) => {
        sendEvents(response, [chunk({ role: 'assistant', content: 'fo' }), chunk({ content: 'u' })], end);
      });
      const outcome = failure(await ask(at, { stream: true }));
      expect(outcome).toMatchObject({ kind: 'stream-cut', usage: null, billed: 'maybe', httpStatus: 200 });
      expect(outcome.response?.text).toBe('fou');
    },
  );

  test('that is cut keeps the usage known so far', async () => {
    const at = await serve((response) => {
      sendEvents(
        response,
        [{ ...chunk({ content: 'fo' }), usage: { prompt_tokens: 12, completion_tokens: 1 } }],
        'cut',
      );
    });
    const outcome = failure(await ask(at, { stream: true }));
    expect(outcome).toMatchObject({
      kind: 'stream-cut',
      usage: { inputTokens: 12, outputTokens: 1 },
      usageIsPartial: true,
      taken: { text: 'fo' },
    });
  });

  test('whose last chunk came before the cancel keeps its whole usage', async () => {
    const canceller = new AbortController();
    const at = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const events = [chunk({ content: 'four' }), chunk({}, { finish_reason: 'stop' }), USAGE_CHUNK];
      response.write(events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join(''));
    });
    let reads = 0;
    const provider = createProvider(configFor(at.baseUrl), {
      // The clock is read when the first token has come; the rest of the same packet is read before the cancel.
      now: () => {
        if (++reads === 2)
          setTimeout(() => {
            canceller.abort();
          }, 100);
        return reads;
      },
    });
    const outcome = await provider.request(requestOf({ stream: true }), canceller.signal);
    expect(outcome).toMatchObject({
      type: 'cancelled',
      usage: { inputTokens: 12, outputTokens: 5 },
      usageIsPartial: false,
    });
  });

  test('that reports an error proves nothing, whatever it had said before', async () => {
    const at = await serve((response) => {
      sendEvents(
        response,
        [chunk({ content: 'fo' }), { error: { message: 'overloaded', code: 502 } }],
        'cut',
      );
    });
    expect(failure(await ask(at, { stream: true }))).toMatchObject({ taken: null, billed: 'maybe' });
  });

  test('without any event is cut', async () => {
    const at = await serve((response) => {
      sendEvents(response, [], 'cut');
    });
    expect(failure(await ask(at, { stream: true }))).toMatchObject({ kind: 'stream-cut', response: null });
  });

  test('that reports an error is classified by it', async () => {
    const at = await serve((response) => {
      sendEvents(response, [
        chunk({ content: 'fo' }),
        { error: { type: 'overloaded_error', message: 'Overloaded' } },
      ]);
    });
    const outcome = failure(await ask(at, { stream: true }));
    expect(outcome).toMatchObject({ kind: 'server-error', billed: 'maybe' });
    expect(outcome.message).toContain('Overloaded');
    expect(outcome.response?.text).toBe('fo');
  });

  test('whose chunks do not fit together is an unknown response', async () => {
    const at = await serve((response) => {
      const call = { index: 0, id: 'call_1', type: 'function' };
      sendEvents(response, [chunk({ tool_calls: [call] }), chunk({}, { finish_reason: 'tool_calls' })]);
    });
    expect(failure(await ask(at, { stream: true }))).toMatchObject({
      kind: 'unknown-response',
      billed: 'maybe',
    });
  });

  test('with a malformed event is an unknown response', async () => {
    const at = await serve((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: {"id": \n\n');
    });
    expect(failure(await ask(at, { stream: true })).kind).toBe('unknown-response');
  });

  test('is not asked of Mistral with an option that it refuses', async () => {
    const at = await serve((response) => {
      sendEvents(response, [chunk({ content: '4' }, { finish_reason: 'stop' }), USAGE_CHUNK]);
    });
    const outcome = answer(await ask(at, { stream: true }, { kind: 'mistral' }));
    expect(at.requests[0]!.body).not.toHaveProperty('stream_options');
    expect(outcome.usage).toMatchObject({ inputTokens: 12 });
  });

  test('that comes as plain JSON is read as such', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }));
    });
    expect(answer(await ask(at, { stream: true })).response.text).toBe('4');
  });
});

describe('time and cancellation', () => {
  test.each([
    ['headers never come', false, (): void => undefined],
    [
      'the body stalls',
      false,
      (response: ServerResponse): void =>
        void response.writeHead(200, { 'content-type': 'application/json' }).write('{'),
    ],
    [
      'the stream stalls',
      true,
      (response: ServerResponse): void =>
        void response
          .writeHead(200, { 'content-type': 'text/event-stream' })
          .write(`data: ${JSON.stringify(chunk({ content: 'fo' }))}\n\n`),
    ],
    [
      'an error’s body stalls',
      false,
      (response: ServerResponse): void => void response.writeHead(500).write('{'),
    ],
  ])('a request times out when %s, and its socket is closed', async (_name, stream, stall) => {
    const { promise: closed, resolve } = deferred();
    const at = await serve((response) => {
      response.on('close', resolve);
      stall(response);
    });
    const outcome = failure(await ask(at, { stream, timeoutMs: 2_000 }));
    expect(outcome).toMatchObject({ kind: 'timeout', billed: 'maybe', usage: null });
    expect(outcome.message).toContain('2000 ms');
    await closed;
    expect(at.requests).toHaveLength(1);
  });

  test.each([
    ['before the headers', false],
    ['in a stream', true],
  ])('a cancel %s closes the server’s socket', async (_name, stream) => {
    const { promise: closed, resolve } = deferred();
    const canceller = new AbortController();
    const at = await serve((response) => {
      response.on('close', resolve);
      if (!stream) {
        canceller.abort();
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const sent = { ...chunk({ content: 'fo' }), usage: { prompt_tokens: 12, completion_tokens: 1 } };
      response.write(`data: ${JSON.stringify(sent)}\n\n`);
    });
    let reads = 0;
    const provider = createProvider(configFor(at.baseUrl), {
      // The clock is read when the first token has come: a moment that needs no waiting for.
      now: () => {
        if (++reads === 2 && stream)
          setImmediate(() => {
            canceller.abort();
          });
        return reads;
      },
    });
    const outcome = await provider.request(requestOf({ stream }), canceller.signal);
    expect(outcome).toMatchObject({ type: 'cancelled', billed: 'maybe' });
    if (stream) expect(outcome).toMatchObject({ usage: { inputTokens: 12 }, responseId: 'chatcmpl-2' });
    await closed;
  });

  test('a cancel that came first sends nothing', async () => {
    const at = await serve((response) => {
      sendJson(response, completion({ content: '4' }));
    });
    const outcome = await createProvider(configFor(at.baseUrl)).request(requestOf(), AbortSignal.abort());
    expect(outcome).toMatchObject({ type: 'cancelled', billed: 'no', httpStatus: null });
    expect(at.requests).toHaveLength(0);
  });

  test('a refused connection was not billed', async () => {
    const listener = createServer().listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    listener.close();
    await once(listener, 'close');
    const provider = createProvider(configFor(`http://127.0.0.1:${port}/v1`));
    const outcome = failure(await provider.request(requestOf(), NEVER));
    expect(outcome).toMatchObject({ kind: 'connection', billed: 'no', httpStatus: null });
    expect(outcome.message).toContain('ECONNREFUSED');
  });

  test('a reset connection may be billed', async () => {
    const listener = createServer((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const outcome = failure(
      await createProvider(configFor(`http://127.0.0.1:${port}/v1`)).request(requestOf(), NEVER),
    );
    listener.close();
    expect(outcome).toMatchObject({ kind: 'connection', billed: 'maybe' });
  });
});

test('no outcome holds the key, whatever the vendor says', async () => {
  const echo = `no ${KEY}, nor sk-proj-abcdef123456, nor Bearer ${KEY}, nor ${'x'.repeat(290)}${KEY}`;
  for (const [status, body] of [
    [401, { error: { message: echo } }],
    [500, echo],
    [200, { error: { code: 401, message: echo } }],
    [200, echo],
  ] as const) {
    const at = await serve((response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    });
    const outcome = failure(await ask(at));
    expect(JSON.stringify(outcome)).not.toMatch(/very-secret|sk-proj/);
    expect(outcome.message).not.toContain('\n');
    await at.close();
  }
});

test('a base URL that is none is refused by name', () => {
  expect(() => createProvider(configFor('localhost'))).toThrow(/provider "main": base_url "localhost"/);
});
