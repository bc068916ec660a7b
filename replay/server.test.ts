import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import OpenAI, { APIConnectionError, APIUserAbortError, type APIError } from 'openai';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readRecordedSet, type RecordedSet } from '../recorded/read.ts';
import type { ReplayOptions } from './app.ts';
import { startReplay, type ReplayServer } from './server.ts';

let set: RecordedSet;
beforeAll(async () => {
  set = await readRecordedSet(join(import.meta.dirname, '../demo/recorded'));
});

let server: ReplayServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

const MODEL = 'medium';

async function start(options: Omit<ReplayOptions, 'set'> = {}) {
  const started = await startReplay({ set, ...options });
  server = started;
  const client = new OpenAI({ baseURL: started.url, apiKey: 'none', maxRetries: 0, logLevel: 'off' });
  const query = set.queries[0]!;
  const recorded = set.responses.get(MODEL)!.get(query.id)!;
  const request = {
    model: MODEL,
    messages: query.messages as unknown as OpenAI.ChatCompletionMessageParam[],
  };
  const onlyEntry = () => {
    expect(started.meter.entries()).toHaveLength(1);
    return started.meter.entries()[0]!;
  };
  return {
    server: started,
    recorded,
    onlyEntry,
    ask: (options: OpenAI.RequestOptions = {}) => client.chat.completions.create(request, options),
    stream: async (options: OpenAI.RequestOptions = {}) => {
      const params = { ...request, stream: true as const, stream_options: { include_usage: true } };
      const chunks: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of await client.chat.completions.create(params, options)) chunks.push(chunk);
      return {
        text: chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''),
        finish: chunks.map(({ choices }) => choices[0]?.finish_reason).find((reason) => reason != null),
        usage: chunks.at(-1)?.usage,
      };
    },
  };
}

type Fault = NonNullable<NonNullable<NonNullable<ReplayOptions['faults']>['rules']>[number]['fault']>;
const always = (fault: Fault): Omit<ReplayOptions, 'set'> => ({ faults: { rules: [{ fault }] } });

/** What a promise rejects with; an error of its own where it does not. */
async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it did not fail');
}

const WAYS = ['ask', 'stream'] as const;

describe('without faults', () => {
  it('answers as it was recorded, streaming and not', async () => {
    const { ask, stream, recorded, server } = await start({
      latency: { fixedMs: 1, jitterMs: 1, msPerOutputToken: 0.1 },
    });
    const usage = { prompt_tokens: recorded.input_tokens, completion_tokens: recorded.output_tokens };
    const whole = await ask({ headers: { 'X-Client-Request-Id': 'attempt-7' } });
    expect(whole.choices[0]).toMatchObject({ message: { content: recorded.text }, finish_reason: 'stop' });
    expect(whole.usage).toMatchObject(usage);
    const streamed = await stream();
    expect(streamed).toMatchObject({ text: recorded.text, finish: 'stop', usage });
    const [first, second] = server.meter.entries();
    expect(first).toMatchObject({
      client_request_id: 'attempt-7',
      response_id: whole.id,
      request_id: whole._request_id,
    });
    expect(second).toMatchObject({ status: 200, aborted_by_client: false, reported_usd: first!.billed_usd });
  });

  it('serves many at once, each with an entry and an id of its own', async () => {
    const { ask, server } = await start({ latency: { jitterMs: 5 } });
    const ids = await Promise.all(Array.from({ length: 40 }, async () => (await ask()).id));
    expect(new Set(ids).size).toBe(40);
    expect(new Set(server.meter.entries().map(({ response_id }) => response_id))).toEqual(new Set(ids));
  });
});

describe.each(WAYS)('a fault (%s)', (way) => {
  it('rate-limit: 429 with Retry-After, unbilled', async () => {
    const world = await start(always({ kind: 'rate-limit', retry_after_seconds: 7 }));
    const error = (await errorOf(world[way]())) as APIError;
    expect([error.status, error.code, error.headers?.get('retry-after')]).toEqual([
      429,
      'rate_limit_exceeded',
      '7',
    ]);
    expect(world.onlyEntry()).toMatchObject({
      fault: 'rate-limit',
      status: 429,
      billed: false,
      billed_usd: '0',
    });
  });

  it.each([false, true])('server-error: 500, billed: %s', async (billed) => {
    const world = await start(always({ kind: 'server-error', billed }));
    expect(await errorOf(world[way]())).toMatchObject({ status: 500, type: 'server_error' });
    expect(world.onlyEntry()).toMatchObject({ status: 500, billed, reported: null });
    expect(world.server.meter.billed() > 0n).toBe(billed);
  });

  it('error-with-usage: 500 that carries the usage, billed', async () => {
    const world = await start(always({ kind: 'error-with-usage' }));
    expect(await errorOf(world[way]())).toMatchObject({ status: 500 });
    const entry = world.onlyEntry();
    expect(entry).toMatchObject({ status: 500, billed: true, reported: entry.billed_usage });
  });

  it('stall: nothing until the client hangs up, billed', async () => {
    const world = await start(always({ kind: 'stall' }));
    const client = new AbortController();
    const answer = errorOf(world[way]({ signal: client.signal }));
    await expect.poll(() => world.server.meter.entries().length).toBe(1);
    client.abort();
    expect(await answer).toBeInstanceOf(APIUserAbortError);
    await expect.poll(() => world.onlyEntry().aborted_by_client).toBe(true);
    expect(world.onlyEntry()).toMatchObject({ status: null, billed: true, reported: null });
  });

  it.each([true, false])('cut-connection: no byte of a response, billed: %s', async (billed) => {
    const world = await start(always({ kind: 'cut-connection', billed }));
    expect(await errorOf(world[way]())).toBeInstanceOf(APIConnectionError);
    expect(world.onlyEntry()).toMatchObject({
      status: null,
      billed,
      reported: null,
      aborted_by_client: false,
    });
  });

  it('cut-stream: half of the response, billed', async () => {
    const world = await start(always({ kind: 'cut-stream' }));
    const error = (await errorOf(world[way]())) as Error;
    // The head has come, so that this is no failure to connect.
    expect(error).not.toBeInstanceOf(APIConnectionError);
    expect(error.message).toMatch(/terminated/);
    expect(world.onlyEntry()).toMatchObject({
      status: 200,
      billed: true,
      reported: null,
      aborted_by_client: false,
    });
  });

  it('malformed-json: 200 that cannot be parsed, billed', async () => {
    const world = await start(always({ kind: 'malformed-json' }));
    expect(await errorOf(world[way]())).toBeInstanceOf(SyntaxError);
    expect(world.onlyEntry()).toMatchObject({ status: 200, billed: true, reported: null });
  });
});

describe('a response that is a fault', () => {
  it('empty-content: usage and no text, billed', async () => {
    const { ask, stream, recorded, server } = await start(always({ kind: 'empty-content' }));
    const usage = { completion_tokens: recorded.output_tokens };
    expect(await ask()).toMatchObject({ choices: [{ message: { content: '' } }], usage });
    expect(await stream()).toMatchObject({ text: '', finish: 'stop', usage });
    expect(server.meter.entries().map(({ billed }) => billed)).toEqual([true, true]);
    expect(server.meter.reported()).toBe(server.meter.billed());
  });

  it('wrong-usage: billed truthfully, reported otherwise', async () => {
    const { ask, stream, recorded, server } = await start(always({ kind: 'wrong-usage', factor: 3 }));
    const usage = { prompt_tokens: 3 * recorded.input_tokens, completion_tokens: 3 * recorded.output_tokens };
    expect((await ask()).usage).toMatchObject(usage);
    expect((await stream()).usage).toMatchObject(usage);
    for (const entry of server.meter.entries()) {
      expect(entry.billed_usage.output_tokens).toBe(recorded.output_tokens);
      expect(entry.reported?.output_tokens).toBe(usage.completion_tokens);
    }
    expect(server.meter.reported()).toBe(3n * server.meter.billed());
  });
});

describe('the server', () => {
  it('meters a client that leaves in the middle of a stream', async () => {
    const { stream, onlyEntry, server } = await start({ latency: { msPerOutputToken: 60_000 } });
    const client = new AbortController();
    const answer = stream({ signal: client.signal });
    await expect.poll(() => server.meter.entries()[0]?.status).toBe(200);
    client.abort();
    // The SDK ends a stream that its caller aborts as if it were complete.
    expect((await answer).usage).toBeUndefined();
    await expect.poll(() => onlyEntry().aborted_by_client).toBe(true);
    expect(onlyEntry()).toMatchObject({ billed: true, reported: null });
  });

  it('closes while requests are stalled, whose clients have not left', async () => {
    const { ask, onlyEntry, server: started } = await start(always({ kind: 'stall' }));
    const answer = errorOf(ask());
    await expect.poll(() => started.meter.entries().length).toBe(1);
    await started.close();
    server = undefined;
    expect(await answer).toBeInstanceOf(APIConnectionError);
    expect(onlyEntry()).toMatchObject({ status: null, aborted_by_client: false, billed: true });
  });

  it('says when its port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    await expect(startReplay({ set, port })).rejects.toThrow(/choose another port/);
    await new Promise((resolve) => taken.close(resolve));
  });
});
