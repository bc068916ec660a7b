import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach } from 'vitest';

/** A chat request that reached the server. */
export interface Received {
  readonly model: string;
  /** Its `X-Client-Request-Id`. */
  readonly attemptId: string;
  /** From 1, among the requests to this model in this test. */
  readonly nth: number;
}

export type Answer = (response: ServerResponse, request: Received) => void;

/** A vendor over HTTP that does what each test says, and remembers every request: a meter without mercy. */
export interface ScriptedServer {
  /** Ends in `/v1`. */
  readonly url: string;
  /** Of this test. */
  readonly received: readonly Received[];
  /** What it does from now on in this test; by model. */
  script: Readonly<Record<string, Answer>>;
}

export function useScriptedServer(): ScriptedServer {
  const received: Received[] = [];
  let url = '';
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { model } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { model: string };
      const attemptId = String(incoming.headers['x-client-request-id']);
      const nth = received.filter((earlier) => earlier.model === model).length + 1;
      const request = { model, attemptId, nth };
      received.push(request);
      const answer = scripted.script[model];
      if (answer === undefined) throw new Error(`the script says nothing of ${model}`);
      answer(response, request);
    });
  });
  const scripted: ScriptedServer = {
    get url() {
      return url;
    },
    received,
    script: {},
  };
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  beforeEach(() => {
    received.length = 0;
    scripted.script = {};
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return scripted;
}

/** A usage in OpenAI's form; parts of the totals only where they are given. */
export interface VendorUsage {
  readonly input: number;
  readonly output: number;
  readonly cached?: number;
  readonly reasoning?: number;
}

/** A complete response. @param finish `length` where the limit on output tokens cut it. */
export function says(text: string, usage: VendorUsage | null, finish = 'stop'): Answer {
  return (response, { model, nth }) => {
    sendJson(response, 200, {
      id: `response-${model}-${nth}`,
      model,
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: finish }],
      ...usageOf(usage),
    });
  };
}

/** An error, with a usage in its body where one is given. */
export function refuses(status: number, usage: VendorUsage | null = null): Answer {
  return (response) => {
    sendJson(response, status, {
      error: { message: 'no luck today', type: 'server_error' },
      ...usageOf(usage),
    });
  };
}

/** A stream of one token at a time. @param end whether the usage, and the end, are sent; else the socket is cut. */
export function streams(
  tokens: readonly string[],
  usage: VendorUsage,
  end: 'whole' | 'cut' | 'open',
): Answer {
  return (response, { model, nth }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const send = (data: object): void => {
      response.write(`data: ${JSON.stringify({ id: `response-${model}-${nth}`, model, ...data })}\n\n`);
    };
    for (const content of tokens) send({ choices: [{ index: 0, delta: { content } }] });
    if (end === 'cut') {
      // What was written has to leave first.
      response.write('', () => response.socket?.destroy());
    }
    if (end !== 'whole') return;
    send({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] });
    send({ choices: [], ...usageOf(usage) });
    response.end('data: [DONE]\n\n');
  };
}

/** Nothing, for as long as the client waits. */
export const stalls: Answer = () => undefined;

/** By the number of the request: the last entry holds for all that follow. */
export function inTurn(...answers: readonly [Answer, ...Answer[]]): Answer {
  return (response, request) => {
    const answer = answers[Math.min(request.nth, answers.length) - 1] ?? answers[0];
    answer(response, request);
  };
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'x-request-id': 'request-1',
    'retry-after-ms': '1',
  });
  response.end(JSON.stringify(body));
}

function usageOf(usage: VendorUsage | null): object {
  if (usage === null) return {};
  const { input, output, cached, reasoning } = usage;
  return {
    usage: {
      prompt_tokens: input,
      completion_tokens: output,
      total_tokens: input + output,
      ...(cached === undefined ? {} : { prompt_tokens_details: { cached_tokens: cached } }),
      ...(reasoning === undefined ? {} : { completion_tokens_details: { reasoning_tokens: reasoning } }),
    },
  };
}
