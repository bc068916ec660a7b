import { describe, expect, it } from 'vitest';
import type { RecordedResponse } from '../recorded/format.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { createReplayApp, type ReplayOptions } from './app.ts';
import type { MeterEntry } from './meter.ts';

const MESSAGES = { q1: [{ role: 'user', content: 'one?' }], q2: [{ role: 'user', content: 'two?' }] };

function response(
  id: string,
  model: string,
  rest: Partial<RecordedResponse> = {},
): [string, RecordedResponse] {
  const text = `${model} says ${id}, at length`;
  return [id, { id, model, text, input_tokens: 1000, output_tokens: 10, ...rest }];
}

const SET: RecordedSet = {
  queries: Object.entries(MESSAGES).map(([id, messages]) => ({ id, task: 't', messages })),
  models: {
    small: {
      provider: 'p',
      input_usd_per_mtok: 0.1,
      output_usd_per_mtok: 0.4,
      cached_input_usd_per_mtok: 0.01,
    },
    large: { provider: 'p', input_usd_per_mtok: 5, output_usd_per_mtok: 20 },
  },
  responses: new Map([
    [
      'small',
      new Map([
        response('q1', 'small', { cached_tokens: 400, logprobs: [-0.1, -0.2] }),
        response('q2', 'small'),
      ]),
    ],
    ['large', new Map([response('q1', 'large')])],
  ]),
};

function replay(options: Partial<ReplayOptions> = {}) {
  const { app, meter } = createReplayApp({ set: SET, ...options });
  const send = (method: string, path: string, body?: unknown, signal?: AbortSignal) =>
    app.request(path, {
      method,
      headers: { 'x-client-request-id': 'attempt-1' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal !== undefined && { signal }),
    });
  const chat = async (body: object, signal?: AbortSignal) => {
    const answer = await send(
      'POST',
      '/v1/chat/completions',
      { model: 'small', messages: MESSAGES.q1, ...body },
      signal,
    );
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };
  return { send, chat, meter };
}

describe('an answer', () => {
  it('is the recorded one, billed exactly, with the cached tokens', async () => {
    const { chat, meter } = replay();
    const { status, headers, body } = await chat({});
    const entry = meter.entries()[0]!;
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toBe(entry.request_id);
    expect(JSON.parse(body)).toMatchObject({
      id: entry.response_id,
      object: 'chat.completion',
      model: 'small',
      choices: [
        {
          message: { role: 'assistant', content: 'small says q1, at length' },
          finish_reason: 'stop',
          logprobs: null,
        },
      ],
      usage: {
        prompt_tokens: 1000,
        completion_tokens: 10,
        total_tokens: 1010,
        prompt_tokens_details: { cached_tokens: 400 },
      },
    });
    const usage = { input_tokens: 1000, cached_tokens: 400, output_tokens: 10 };
    // 600 at $0.1, 400 at $0.01 and 10 at $0.4 a million.
    expect(entry).toMatchObject({
      sequence: 1,
      client_request_id: 'attempt-1',
      model: 'small',
      query_id: 'q1',
      fault: null,
      status: 200,
      billed: true,
      billed_usage: usage,
      billed_usd: '0.000068',
      reported: usage,
      reported_usd: '0.000068',
      aborted_by_client: false,
    });
  });

  it('has the recorded log probabilities where they are asked for', async () => {
    const { chat } = replay();
    const { body } = await chat({ logprobs: true });
    const { choices } = JSON.parse(body) as {
      choices: [{ logprobs: { content: { token: string; logprob: number }[] } }];
    };
    expect(choices[0].logprobs.content.map(({ logprob }) => logprob)).toEqual([-0.1, -0.2]);
    expect(choices[0].logprobs.content.map(({ token }) => token).join('')).toBe('small says q1, at length');
  });

  it.each([{ max_tokens: 5 }, { max_completion_tokens: 5, max_tokens: 9 }])(
    'is cut and billed within %j',
    async (limit) => {
      const { chat, meter } = replay();
      const { body } = await chat(limit);
      expect(JSON.parse(body)).toMatchObject({
        choices: [{ message: { content: 'small says q' }, finish_reason: 'length' }],
        usage: { completion_tokens: 5 },
      });
      expect(meter.entries()[0]?.billed_usage.output_tokens).toBe(5);
    },
  );

  it('that is to be wrong is a right one to a query with another reference, and billed as itself', async () => {
    const responses = new Map([
      response('q1', 'small', { correct: 1 }),
      response('q2', 'small', { correct: 1, output_tokens: 7, cached_tokens: 900 }),
      response('q3', 'small', { correct: 0 }),
    ]);
    const references = { q1: '1', q2: '2', q3: '3' };
    const set: RecordedSet = {
      ...SET,
      queries: Object.entries(references).map(([id, reference]) => {
        const messages = [{ role: 'user', content: id }];
        return { id, task: 't', messages, reference };
      }),
      responses: new Map([['small', responses]]),
    };
    const faults = { rules: [{ query: 'q1', fault: { kind: 'wrong-answer' as const } }] };
    const { chat, meter } = replay({ set, faults });
    const { status, body } = await chat({ messages: set.queries[0]!.messages });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      choices: [{ message: { content: 'small says q2, at length' }, finish_reason: 'stop' }],
    });
    expect(meter.entries()[0]).toMatchObject({
      query_id: 'q1',
      fault: 'wrong-answer',
      billed: true,
      billed_usage: { input_tokens: 1000, cached_tokens: 0, output_tokens: 7 },
    });
  });

  it('that is to be wrong, where none is known to be, is refused', async () => {
    const { chat, meter } = replay({ faults: { rules: [{ fault: { kind: 'wrong-answer' } }] } });
    const { status, body } = await chat({});
    expect(status).toBe(400);
    expect(body).toContain('no_wrong_answer');
    expect(meter.billed()).toBe(0n);
  });

  it('streams its usage only where the client asks for it', async () => {
    const { chat, meter } = replay();
    const plain = await chat({ stream: true });
    const counted = await chat({ stream: true, stream_options: { include_usage: true } });
    expect(plain.headers.get('content-type')).toContain('text/event-stream');
    expect(plain.body).not.toContain('usage');
    expect(plain.body.endsWith('data: [DONE]\n\n')).toBe(true);
    expect(counted.body).toContain('"prompt_tokens":1000');
    expect(meter.entries().map(({ reported }) => reported !== null)).toEqual([false, true]);
    expect(meter.entries().map(({ billed_usd }) => billed_usd)).toEqual(['0.000068', '0.000068']);
  });
});

describe('a refusal', () => {
  it.each([
    [{ model: 'huge' }, 404, { code: 'model_not_found', param: 'model' }, 'huge'],
    [
      { messages: [{ role: 'user', content: 'three?' }] },
      400,
      { code: 'query_not_recorded', param: 'messages' },
      'small',
    ],
    [{ model: 'large', messages: MESSAGES.q2 }, 400, { code: 'query_not_recorded' }, 'large'],
    [{ messages: 'one?' }, 400, { code: null, param: 'messages' }, null],
    [{ n: 2 }, 400, { code: null, param: 'n' }, null],
  ])('of %j has OpenAI’s form, and is metered unbilled', async (request, status, error, model) => {
    const { chat, meter } = replay();
    const answer = await chat(request);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ error: { type: 'invalid_request_error', ...error } });
    expect(meter.entries()).toMatchObject([
      { model, query_id: null, status, billed: false, billed_usd: '0', reported: null },
    ]);
  });

  it('of what is no JSON, and of unknown paths', async () => {
    const { app } = createReplayApp({ set: SET });
    const broken = await app.request('/v1/chat/completions', { method: 'POST', body: '{"model"' });
    expect([broken.status, await broken.json()]).toMatchObject([
      400,
      { error: { type: 'invalid_request_error' } },
    ]);
    expect((await app.request('/v1/audio/speech', { method: 'POST' })).status).toBe(404);
  });
});

describe('the meter', () => {
  it('sums what was billed and what was reported, and can be reset', async () => {
    const { chat, send, meter } = replay({
      faults: { rules: [{ model: 'large', nth: 2, fault: { kind: 'wrong-usage', factor: 2 } }] },
    });
    await chat({});
    await chat({ model: 'large' });
    await chat({ model: 'large' });
    await chat({ model: 'none' });
    const summary = { requests: 4, billed_usd: '0.010468', reported_usd: '0.015668' };
    expect(meter.summary()).toEqual(summary);
    expect([meter.billed(), meter.reported()]).toEqual([10_468_000_000n, 15_668_000_000n]);
    const { entries, ...sums } = (await (await send('GET', '/meter')).json()) as { entries: MeterEntry[] };
    expect(sums).toEqual(summary);
    expect(entries.map(({ sequence, model }) => [sequence, model])).toEqual([
      [1, 'small'],
      [2, 'large'],
      [3, 'large'],
      [4, 'none'],
    ]);
    expect(await (await send('GET', '/meter?entries=false')).json()).toEqual(summary);
    expect((await send('DELETE', '/meter')).status).toBe(204);
    expect(meter.summary()).toEqual({ requests: 0, billed_usd: '0', reported_usd: '0' });
  });

  it('bills in full a client that leaves while the answer is made', async () => {
    const { chat, meter } = replay({ latency: { fixedMs: 60_000 } });
    const client = new AbortController();
    const answer = chat({}, client.signal).catch(() => 'left');
    await expect.poll(() => meter.entries().length).toBe(1);
    expect(meter.entries()[0]).toMatchObject({
      status: null,
      aborted_by_client: false,
      billed_usd: '0.000068',
    });
    client.abort();
    await answer;
    expect(meter.entries()).toMatchObject([
      { status: null, aborted_by_client: true, billed_usd: '0.000068', reported: null },
    ]);
  });
});

describe('the faults', () => {
  it('can be read and changed while the server runs, which starts the counting of requests anew', async () => {
    const { chat, send } = replay();
    await chat({});
    const plan = { rules: [{ nth: 1, fault: { kind: 'server-error' } }] };
    expect((await send('PUT', '/faults', plan)).status).toBe(200);
    expect(await (await send('GET', '/faults')).json()).toEqual({
      rules: [{ nth: 1, fault: { kind: 'server-error', billed: false } }],
      rates: [],
    });
    expect([(await chat({})).status, (await chat({})).status]).toEqual([500, 200]);
    const refused = await send('PUT', '/faults', { rules: [{ fault: { kind: 'fire' } }] });
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'faults' } }]);
    expect((await chat({})).status).toBe(200);
  });

  it('fall on the same requests whatever the order they arrive in', async () => {
    const faults = { rates: [{ probability: 0.5, fault: { kind: 'server-error' } as const }] };
    const of = (messages: object[]) => Array<{ messages: object[] }>(6).fill({ messages });
    const [ones, twos] = [of(MESSAGES.q1), of(MESSAGES.q2)];
    const outcomes = async (order: typeof ones) => {
      const { chat, meter } = replay({ faults, seed: 7 });
      for (const request of order) await chat(request);
      const statuses = (id: string) =>
        meter.entries().flatMap(({ query_id, status }) => (query_id === id ? [status] : []));
      return [statuses('q1'), statuses('q2')];
    };
    const expected = await outcomes([...ones, ...twos]);
    expect(await outcomes([...twos, ...ones])).toEqual(expected);
    expect(await outcomes(ones.flatMap((one, index) => [one, twos[index]!]))).toEqual(expected);
    expect(new Set(expected.flat())).toEqual(new Set([200, 500]));
  });
});

it('lists the models', async () => {
  const { send } = replay();
  expect(await (await send('GET', '/v1/models')).json()).toMatchObject({
    object: 'list',
    data: [{ id: 'small', object: 'model', owned_by: 'p' }, { id: 'large' }],
  });
});
