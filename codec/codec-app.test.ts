import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCodecApp } from './codec-app.ts';
import { startCodecServer, type CodecServer } from './codec-server.ts';
import { parseKeys } from './keys.ts';
import { createPayloadCodec } from './payload-codec.ts';

const keys = parseKeys(`k1:${randomBytes(32).toString('base64')}`);
const app = createCodecApp({ keys });
const UI = 'http://localhost:8233';

/** `{"prompt":"hi"}` as the UI has it from Temporal's API: bytes in base64. */
const plain = {
  metadata: { encoding: 'anNvbi9wbGFpbg==' },
  data: 'eyJwcm9tcHQiOiJoaSJ9',
};

interface Body {
  payloads: { metadata?: Record<string, string>; data?: string }[];
  error: { code: string; message: string };
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}, on = app) {
  const response = await on.request(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Namespace': 'default', Origin: UI, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { response, body: (await response.json()) as Body };
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('the wire', () => {
  it('decodes what a worker encoded to the JSON that the UI shows', async () => {
    const [payload] = await createPayloadCodec(keys).encode([
      defaultPayloadConverter.toPayload({ prompt: 'hi' }),
    ]);
    const encrypted = {
      metadata: Object.fromEntries(
        Object.entries(payload!.metadata!).map(([key, value]) => [
          key,
          Buffer.from(value).toString('base64'),
        ]),
      ),
      data: Buffer.from(payload!.data!).toString('base64'),
    };
    expect(encrypted.metadata['encoding']).toBe('YmluYXJ5L2VuY3J5cHRlZA==');
    const { response, body } = await post('/decode', { payloads: [encrypted] });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(body).toEqual({ payloads: [plain] });
  });

  it('encodes, and decodes what it encoded; payloads of other encodings pass', async () => {
    const nothing = { metadata: { encoding: 'YmluYXJ5L251bGw=' } };
    const encoded = (await post('/encode', { payloads: [plain, nothing] })).body;
    expect(encoded.payloads.map((payload) => Object.keys(payload.metadata ?? {}).sort())).toEqual([
      ['encoding', 'encryption-key-id'],
      ['encoding', 'encryption-key-id'],
    ]);
    expect(JSON.stringify(encoded)).not.toContain(plain.data);
    const back = await post('/decode', { payloads: [...encoded.payloads, plain] });
    expect(back.body).toEqual({ payloads: [plain, nothing, plain] });
  });

  it('looks only at the end of the path', async () => {
    expect((await post('/default/decode', { payloads: [plain] })).response.status).toBe(200);
    expect((await post('/codec/a/b/encode', { payloads: [] })).body).toEqual({ payloads: [] });
    expect((await post('/xdecode', { payloads: [] })).response.status).toBe(404);
    expect((await post('/decode/x', { payloads: [] })).response.status).toBe(404);
  });

  it('takes nulls, unknown fields, and base64 of either alphabet without padding', async () => {
    const payload = { metadata: { encoding: 'anNvbi9wbGFpbg' }, data: '-_-_', later: { field: 1 } };
    expect((await post('/decode', { payloads: [payload, { metadata: null, data: null }] })).body).toEqual({
      payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: '+/+/' }, {}],
    });
    expect((await post('/decode', {})).body).toEqual({ payloads: [] });
  });
});

describe('errors', () => {
  it.each([
    ['not JSON', '{', 'bad-request', 'is not JSON'],
    ['another shape', { payloads: 'x' }, 'bad-request', 'payloads'],
    ['no base64', { payloads: [{ data: '***' }] }, 'bad-request', 'expected base64'],
  ])('answers 400 to %s', async (_, sent, code, message) => {
    const { response, body } = await post('/decode', sent);
    expect(response.status).toBe(400);
    expect(body.error.code).toBe(code);
    expect(body.error.message).toContain(message);
  });

  it('answers 400 to another key and to altered bytes, readable for the page', async () => {
    const other = createCodecApp({ keys: parseKeys(`k2:${randomBytes(32).toString('base64')}`) });
    const [sealed] = (await post('/encode', { payloads: [plain] }, {}, other)).body.payloads;
    const unknown = await post('/decode', { payloads: [sealed] });
    expect([unknown.response.status, unknown.body.error.code]).toEqual([400, 'unknown-key']);
    expect(unknown.response.headers.get('access-control-allow-origin')).toBe(UI);

    const bytes = Buffer.from(sealed!.data!, 'base64');
    bytes[bytes.length - 1]! ^= 1;
    const altered = { ...sealed, data: bytes.toString('base64') };
    const damaged = await post('/decode', { payloads: [altered] }, {}, other);
    expect([damaged.response.status, damaged.body.error.code]).toEqual([400, 'damaged']);
  });

  it('answers 413 to a body over 16 MiB', async () => {
    const { response, body } = await post('/decode', 'x'.repeat(16 * 1024 * 1024 + 1));
    expect([response.status, body.error.code]).toEqual([413, 'too-large']);
  });

  it('answers 404 elsewhere, in the same shape', async () => {
    const response = await app.request('/');
    expect(response.status).toBe(404);
    expect(((await response.json()) as Body).error.code).toBe('not-found');
  });

  it('answers 500 without a word of what failed, and keeps payloads out of the log', async () => {
    const log = vi.spyOn(console, 'error').mockReturnValue(undefined);
    vi.spyOn(JSON, 'parse').mockImplementationOnce(() => {
      throw new RangeError('a secret prompt');
    });
    const { response, body } = await post('/decode', { payloads: [] });
    expect([response.status, body.error.code]).toEqual([500, 'internal']);
    expect(JSON.stringify([body, log.mock.calls])).not.toContain('secret');
    expect(log).toHaveBeenCalledOnce();
  });
});

describe('browsers', () => {
  const preflight = (origin: string, on = app) =>
    on.request('/decode', {
      method: 'OPTIONS',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,content-type,x-namespace',
      },
    });

  it.each(['http://localhost:8233', 'http://127.0.0.1:8233'])('lets the UI at %s ask', async (origin) => {
    const { status, headers } = await preflight(origin);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(origin);
    expect(headers.get('access-control-allow-methods')).toBe('POST');
    expect(headers.get('access-control-allow-headers')).toBe('X-Namespace,Content-Type,Authorization');
    expect((await post('/decode', { payloads: [] }, { Origin: origin })).response.status).toBe(200);
  });

  it('lets no other page ask, nor read', async () => {
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
    for (const origin of ['https://evil.example', 'null', 'http://localhost:8233.evil.example']) {
      const { response, body } = await post('/decode', { payloads: [plain] }, { Origin: origin });
      expect([response.status, body.error.code]).toEqual([403, 'forbidden-origin']);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('has only the origins that it was given', async () => {
    const own = createCodecApp({ keys, origins: ['https://temporal.example.com'] });
    const allowed = await preflight('https://temporal.example.com', own);
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://temporal.example.com');
    expect((await preflight(UI, own)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers the CLI, which sends no origin', async () => {
    const response = await app.request('/decode', { method: 'POST', body: '{"payloads":[]}' });
    expect(response.status).toBe(200);
  });
});

describe('the token', () => {
  const guarded = createCodecApp({ keys, token: 'a.token-1' });

  it.each([undefined, 'Bearer other', 'Basic a.token-1', 'a.token-1', 'Bearer '])(
    'refuses %j',
    async (authorization) => {
      const headers = authorization === undefined ? {} : { Authorization: authorization };
      const { response, body } = await post('/decode', { payloads: [plain] }, headers, guarded);
      expect([response.status, body.error.code]).toEqual([401, 'unauthorized']);
      expect(response.headers.get('www-authenticate')).toContain('Bearer');
    },
  );

  it('lets in who has it; preflight and health need none', async () => {
    const headers = { Authorization: 'Bearer a.token-1' };
    const { response } = await post('/decode', { payloads: [plain] }, headers, guarded);
    expect(response.status).toBe(200);
    const preflight = await guarded.request('/decode', { method: 'OPTIONS', headers: { Origin: UI } });
    expect(preflight.status).toBe(204);
    expect(await (await guarded.request('/health')).json()).toEqual({ status: 'ok' });
  });
});

describe('the server', () => {
  let server: CodecServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  it('listens, answers and closes', async () => {
    server = await startCodecServer({ keys, port: 0 });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const response = await fetch(`${server.url}/decode`, {
      method: 'POST',
      body: JSON.stringify({ payloads: [plain] }),
    });
    expect(await response.json()).toEqual({ payloads: [plain] });
  });

  it('says which port is taken', async () => {
    server = await startCodecServer({ keys, port: 0 });
    const port = Number(new URL(server.url).port);
    await expect(startCodecServer({ keys, port })).rejects.toThrow(
      `cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
    );
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'codec.example'])(
    'does not decrypt for others without a token: %s',
    async (host) => {
      await expect(startCodecServer({ keys, port: 0, host })).rejects.toThrow('set a token');
    },
  );
});
