/**
 * The models of every variant: an OpenAI-compatible server that answers at once, or later, by its path. `small` says nothing
 * of use, `large` the number. `GET /open` tells how many requests wait, and how many did at most; `PUT /wait/<ms>` says how long
 * those of the profile `wait` do.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { drawUnit } from '../../recorded/random.ts';
import { serveJobs } from '../run/child-side.ts';
import { PROFILES, type Profile } from '../run/profiles.ts';

const SEED = 20_261;
const TEXTS: Readonly<Record<string, string>> = {
  small: 'It depends on what one multiplies, and I would rather not say.',
  large: 'Six times seven is the same as seven times six: 42',
};

let count = 0;
let open = 0;
let mostOpen = 0;
let wait: { readonly minMs: number; readonly maxMs: number } = PROFILES.wait;

const server = createServer((request, response) => {
  if (request.url === '/open') {
    response.end(JSON.stringify({ open, mostOpen, count }));
    return;
  }
  const [, told] = /^\/wait\/(\d+)$/.exec(request.url ?? '') ?? [];
  if (request.method === 'PUT' && told !== undefined) {
    wait = { minMs: Number(told), maxMs: Number(told) };
    response.writeHead(204).end();
    return;
  }
  const [, name = ''] = /^\/(\w+)\/v1\/chat\/completions$/.exec(request.url ?? '') ?? [];
  if (request.method !== 'POST' || !(name in PROFILES)) {
    response.writeHead(404).end();
    return;
  }
  const profile = name as Profile;
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => void chunks.push(chunk));
  request.on('end', () => {
    const { minMs, maxMs } = profile === 'wait' ? wait : PROFILES[profile];
    const { model } = JSON.parse(Buffer.concat(chunks).toString()) as { model: string };
    count += 1;
    const jitter = maxMs === minMs ? 0 : drawUnit(SEED, 'upstream', profile, count);
    const waitMs = minMs + (maxMs - minMs) * jitter;
    mostOpen = Math.max(mostOpen, ++open);
    const answer = (): void => {
      open -= 1;
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(completionOf(model)));
    };
    if (waitMs === 0) answer();
    else setTimeout(answer, waitMs);
  });
});
// An idle connection that closes just as a client reuses it would be a failure that nobody asked for.
server.keepAliveTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const said = { url: `http://127.0.0.1:${port}` };
  serveJobs(() => Promise.reject(new Error('the upstream asks nothing')), { said });
});

function completionOf(model: string): object {
  return {
    id: `chatcmpl-${count}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1_000),
    model,
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: TEXTS[model] ?? '' },
        finish_reason: 'stop',
        logprobs: null,
      },
    ],
    usage: { prompt_tokens: 20, completion_tokens: 15, total_tokens: 35 },
  };
}
