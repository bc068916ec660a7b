import type { Payload } from '@temporalio/common';
import { Hono, type Context } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { SealError } from './aes-gcm.ts';
import { payloadsFromJson, payloadsToJson } from './codec-wire.ts';
import type { PayloadKeys } from './keys.ts';
import { createPayloadCodec } from './payload-codec.ts';

/** Where Temporal's dev server has its UI: a browser tells the two names apart. */
const UI_ORIGINS: readonly string[] = ['http://localhost:8233', 'http://127.0.0.1:8233'];

/** Above what the UI sends for a page of history; below what would exhaust a small machine. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const PREFLIGHT_SECONDS = 600;

export interface CodecAppOptions {
  readonly keys: PayloadKeys;
  /** Origins of the UIs that may ask, such as `https://temporal.example.com`. Default: the dev server's UI on port 8233. */
  readonly origins?: readonly string[];
  /**
   * When set, requests need `Authorization: Bearer <token>`: letters, digits and `._~+/-`. The Temporal CLI sends it
   * with `--codec-auth`; the UI sends its user's own token, and only to an `https:` endpoint.
   */
  readonly token?: string;
}

/**
 * Temporal's codec server: `POST …/decode` and `POST …/encode` take and return `{ "payloads": [...] }`, so that the UI
 * and the CLI can show what is encrypted. Only the end of the path counts, so an endpoint may name a namespace
 * (`http://localhost:8234/{namespace}`); every namespace is served with the same keys, and `X-Namespace` is accepted
 * and not used. `GET /health` answers without a token.
 *
 * Every error is `{ "error": { "code", "message" } }`, with `bad-request`, `unknown-key`, `damaged` (400), `unauthorized`
 * (401), `forbidden-origin` (403), `not-found` (404), `too-large` (413) or `internal` (500).
 */
export function createCodecApp({ keys, origins = UI_ORIGINS, token }: CodecAppOptions): Hono {
  const codec = createPayloadCodec(keys);
  const app = new Hono();

  app.get('/health', (context) => context.json({ status: 'ok' }));
  app.use(
    cors({
      origin: [...origins],
      allowMethods: ['POST'],
      allowHeaders: ['X-Namespace', 'Content-Type', 'Authorization'],
      // The UI can be set to send credentials, and the browser then insists. Only listed origins ever see it.
      credentials: true,
      maxAge: PREFLIGHT_SECONDS,
    }),
  );
  // CORS alone lets a page whose name was rebound to this address read the answer as its own.
  app.use(async (context, next) => {
    const origin = context.req.header('origin');
    if (origin !== undefined && !origins.includes(origin)) {
      return failure(
        context,
        403,
        'forbidden-origin',
        `pages of ${origin} may not ask: add it to the origins`,
      );
    }
    return next();
  });
  if (token !== undefined) app.use(bearerAuth({ token }));
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));
  app.post('*', async (context) => {
    const operation = /(?:^|\/)(encode|decode)$/.exec(context.req.path)?.[1];
    if (operation !== 'encode' && operation !== 'decode') return unknownPath(context);
    return convert(context, (payloads) => codec[operation](payloads));
  });
  app.notFound(unknownPath);
  app.onError(answerError);
  return app;
}

async function convert(
  context: Context,
  run: (payloads: Payload[]) => Promise<Payload[]>,
): Promise<Response> {
  let body: unknown;
  try {
    body = JSON.parse(await context.req.text());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return failure(context, 400, 'bad-request', 'the body is not JSON: send { "payloads": [...] }');
  }
  const read = payloadsFromJson(body);
  if ('problem' in read) {
    return failure(context, 400, 'bad-request', `the body is not { "payloads": [...] }: ${read.problem}`);
  }
  return context.json(payloadsToJson(await run(read.payloads)));
}

function answerError(error: Error, context: Context): Response {
  if (error instanceof SealError) return failure(context, 400, error.problem, error.message);
  if (error instanceof HTTPException && (error.status === 401 || error.status === 400)) {
    // Without a token, or with another prefix than Bearer: both are mended the same way.
    context.header('WWW-Authenticate', error.res?.headers.get('www-authenticate') ?? 'Bearer');
    return failure(context, 401, 'unauthorized', 'send the token as Authorization: Bearer <token>');
  }
  // What went wrong inside may quote a payload: the log gets its kind and place, the caller neither.
  console.error('codec server:', error.stack?.replace(error.message, '…') ?? error.name);
  return failure(context, 500, 'internal', 'the codec server failed: see its log');
}

function unknownPath(context: Context): Response {
  return failure(context, 404, 'not-found', 'there is POST …/decode, POST …/encode and GET /health');
}

function tooLarge(context: Context): Response {
  return failure(
    context,
    413,
    'too-large',
    `the body has more than ${MAX_BODY_BYTES} bytes: ask for fewer payloads`,
  );
}

type FailureStatus = 400 | 401 | 403 | 404 | 413 | 500;

function failure(context: Context, status: FailureStatus, code: string, message: string): Response {
  return context.json({ error: { code, message } }, status);
}
