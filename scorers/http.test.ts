import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createScorerRegistry } from './index.ts';
import type { ScoredQuery, ScoredResponse, ScoringContext } from './scorer.ts';

const query: ScoredQuery = { task: 't', messages: [{ role: 'user', content: 'q' }], parameters: {} };
const responses: ScoredResponse[] = [
  { stage: 0, model: 'm', answer: 'A', text: 'text', finishReason: 'stop', logprobs: [-0.5] },
];
const context = (signal = new AbortController().signal): ScoringContext => ({
  ask: () => Promise.reject(new Error('this scorer asks no model')),
  embed: () => Promise.reject(new Error('this scorer asks no model')),
  signal,
});

let close: (() => Promise<unknown>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  };
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/score`;
}

const ask = (url: string, timeout_ms = 10_000, signal?: AbortSignal): Promise<unknown> =>
  Promise.resolve(
    createScorerRegistry().create({ name: 'http', options: { url, timeout_ms } })(
      query,
      responses,
      context(signal),
    ),
  );

describe('a scorer behind HTTP', () => {
  it('is asked with the query and the responses, and answers with scores', async () => {
    let received: unknown;
    const url = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        received = [request.method, JSON.parse(Buffer.concat(parts).toString())];
        response.end('{"scores": [{"answer": "A", "confidence": 0.25}], "more": 1}');
      });
    });
    expect(await ask(url)).toEqual([{ answer: 'A', confidence: 0.25 }]);
    expect(received).toEqual(['POST', { query, responses }]);
  });

  it.each([
    [503, 'over\nloaded', /scorer at http:\S+\/score answered with status 503: "over loaded"/],
    [200, 'hello', /answered with status 200 and no JSON: "hello"/],
    [200, '{"scores": [{"answer": "A"}]}', /status 200, but not with .*scores\.0\.confidence/],
    [200, '{"scores": [{"answer": "A", "confidence": 2}]}', /scores\.0\.confidence/],
    [
      200,
      '{"scores": [{"answer": "B", "confidence": 1}]}',
      /scorer "http" scored "B", which no response gave/,
    ],
    [302, '', /could not be reached/],
  ])('has its error named: status %i with %j', async (status, body, problem) => {
    const url = await serve((_request, response) => response.writeHead(status, { location: '/' }).end(body));
    await expect(ask(url)).rejects.toThrow(problem);
  });

  it('has its error named when it does not answer, or is not there', async () => {
    const silent = await serve(() => undefined);
    await expect(ask(silent, 20)).rejects.toThrow(/did not answer within 20 ms/);
    await close?.();
    close = undefined;
    await expect(ask(silent)).rejects.toThrow(/could not be reached/);
  });

  it('is let go of when the query is cancelled, which is not its failure', async () => {
    const cancel = new AbortController();
    const url = await serve(() => {
      cancel.abort(new Error('cancelled by the caller'));
    });
    await expect(ask(url, 10_000, cancel.signal)).rejects.toThrow('cancelled by the caller');
  });

  it.each(['ftp://x/', 'nowhere', 'http://user:secret@host/'])('refuses the url %j', (url) => {
    expect(createScorerRegistry().parse('http', { url })).toHaveProperty('problems');
  });
});
