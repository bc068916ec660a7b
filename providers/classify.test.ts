import { describe, expect, test } from 'vitest';
import { classify, type FailureContext } from './classify.ts';

const NOW = new Date('2026-02-03T10:00:00Z');
const CONTEXT: FailureContext = {
  provider: 'main',
  modelId: 'gpt-4o-mini',
  baseUrl: 'https://api.openai.com/v1',
  keyEnv: 'OPENAI_API_KEY',
  secrets: [],
};

function ofStatus(status: number, body: unknown = '', headers: Record<string, string> = {}) {
  return classify({ type: 'status', status, body, headers: new Headers(headers) }, CONTEXT, NOW);
}

function openai(message: string, code: string | null = null, type = 'invalid_request_error') {
  return { error: { message, type, param: null, code } };
}

describe('status', () => {
  test('301: a redirect is an unknown response', () => {
    expect(ofStatus(301).kind).toBe('unknown-response');
  });
  test('400: a bad request', () => {
    const failure = ofStatus(
      400,
      openai("Unsupported value: 'temperature' does not support 0 with this model."),
    );
    expect(failure.kind).toBe('bad-request');
    expect(failure.message).toBe(
      'main, gpt-4o-mini: HTTP 400; "Unsupported value: \'temperature\' does not support 0 with this model."; this model does not take the request as it stands: check its parameters',
    );
  });
  test.each([
    [
      'OpenAI',
      openai(
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        'context_length_exceeded',
      ),
    ],
    [
      'Anthropic',
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message: 'prompt is too long: 210000 tokens > 200000 maximum',
        },
      },
    ],
    [
      'vLLM',
      {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens.",
        type: 'BadRequestError',
        code: 400,
      },
    ],
    [
      'Google',
      [
        {
          error: {
            code: 400,
            message:
              'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
            status: 'INVALID_ARGUMENT',
          },
        },
      ],
    ],
    ['OpenAI, newer', openai('Your input exceeds the context window of this model.')],
    [
      'Mistral',
      {
        object: 'error',
        message: 'Prompt contains 40000 tokens, too large for model with 32768 maximum context length',
        code: '3051',
      },
    ],
  ])('400: %s’s words for a context that is too long', (_vendor, body) => {
    expect(ofStatus(400, body).kind).toBe('context-too-long');
  });
  test.each([
    [
      'Azure',
      openai(
        "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
        'content_filter',
      ),
    ],
    ['OpenAI', openai('Your request was rejected by our safety system.', 'content_policy_violation')],
  ])('400: %s’s content filter is a refusal', (_vendor, body) => {
    expect(ofStatus(400, body).kind).toBe('refusal');
  });
  test('400: Google’s words for a wrong key', () => {
    const body = [
      {
        error: {
          code: 400,
          message: 'API key not valid. Please pass a valid API key.',
          status: 'INVALID_ARGUMENT',
        },
      },
    ];
    expect(ofStatus(400, body).kind).toBe('authentication');
  });
  test.each([
    ['OpenRouter', openai('foo/bar is not a valid model ID')],
    ['DeepSeek', openai('Model Not Exist')],
    [
      'Mistral',
      { object: 'error', message: 'Invalid model: mistral-hug', type: 'invalid_model', code: '1500' },
    ],
  ])('400: %s’s words for an unknown model', (_vendor, body) => {
    expect(ofStatus(400, body).kind).toBe('unknown-model');
  });
  test('400: Anthropic’s words for an empty account', () => {
    const body = {
      error: { type: 'invalid_request_error', message: 'Your credit balance is too low to access the API.' },
    };
    expect(ofStatus(400, body).kind).toBe('quota-exhausted');
  });
  test('401: authentication, naming the variable to look at', () => {
    const failure = ofStatus(
      401,
      openai('Incorrect API key provided: sk-proj-abc***xyz9.', 'invalid_api_key'),
    );
    expect(failure.kind).toBe('authentication');
    expect(failure.message).toContain('OPENAI_API_KEY');
    expect(failure.message).not.toContain('sk-proj');
  });
  test('402: the quota is exhausted', () => {
    expect(ofStatus(402, openai('Insufficient Balance')).kind).toBe('quota-exhausted');
  });
  test('403: authentication', () => {
    expect(ofStatus(403, openai('Country, region, or territory not supported')).kind).toBe('authentication');
  });
  test('403: OpenRouter’s moderation is a refusal', () => {
    const body = { error: { code: 403, message: 'Input was flagged', metadata: { reasons: ['violence'] } } };
    expect(ofStatus(403, body).kind).toBe('refusal');
  });
  test('403: a project without the model does not know it', () => {
    expect(
      ofStatus(403, openai('Project `p` does not have access to model `m`', 'model_not_found')).kind,
    ).toBe('unknown-model');
  });
  test('404: an unknown model, or a wrong base URL', () => {
    const failure = ofStatus(404, openai('The model `gpt-9` does not exist', 'model_not_found'));
    expect(failure.kind).toBe('unknown-model');
    expect(failure.message).toContain('https://api.openai.com/v1');
    expect(ofStatus(404, '<html><h1>Not Found</h1></html>').message).toContain('"Not Found"');
  });
  test('408: a timeout', () => {
    expect(ofStatus(408).kind).toBe('timeout');
  });
  test('409: a conflict', () => {
    expect(ofStatus(409).kind).toBe('conflict');
  });
  test('413: too long', () => {
    expect(ofStatus(413, openai('Request exceeds the maximum size', null, 'request_too_large')).kind).toBe(
      'context-too-long',
    );
  });
  test('422: a bad request', () => {
    expect(ofStatus(422, { detail: [{ msg: 'Extra inputs are not permitted' }] }).kind).toBe('bad-request');
  });
  test('429: rate-limited, with Retry-After in seconds', () => {
    expect(ofStatus(429, openai('Rate limit reached'), { 'retry-after': '20' })).toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 20_000,
    });
  });
  test('429: with Retry-After as an HTTP date', () => {
    const headers = { 'retry-after': 'Tue, 03 Feb 2026 10:01:30 GMT' };
    expect(ofStatus(429, '', headers).retryAfterMs).toBe(90_000);
    expect(ofStatus(429, '', { 'retry-after': 'Tue, 03 Feb 2026 09:00:00 GMT' }).retryAfterMs).toBe(0);
  });
  test('429: retry-after-ms is finer, and wins', () => {
    expect(ofStatus(429, '', { 'retry-after-ms': '250', 'retry-after': '1' }).retryAfterMs).toBe(250);
  });
  test('429: Google’s retryDelay', () => {
    const body = [
      {
        error: {
          code: 429,
          message: 'You exceeded your current quota',
          status: 'RESOURCE_EXHAUSTED',
          details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.5s' }],
        },
      },
    ];
    expect(ofStatus(429, body)).toMatchObject({ kind: 'rate-limited', retryAfterMs: 36_500 });
  });
  test('429: an unreadable Retry-After is none, and an absurd one a day', () => {
    expect(ofStatus(429, '', { 'retry-after': 'soon' }).retryAfterMs).toBeNull();
    expect(ofStatus(429, '', { 'retry-after': '-5' }).retryAfterMs).toBeNull();
    expect(ofStatus(429, '', { 'retry-after': '99999999' }).retryAfterMs).toBe(86_400_000);
  });
  test('429: insufficient_quota is an exhausted quota', () => {
    const body = openai(
      'You exceeded your current quota, please check your plan and billing details.',
      'insufficient_quota',
      'insufficient_quota',
    );
    expect(ofStatus(429, body).kind).toBe('quota-exhausted');
  });
  test.each([500, 502, 503, 504])('%d: the server’s error', (status) => {
    expect(ofStatus(status, 'upstream', { 'retry-after': '2' })).toMatchObject({
      kind: 'server-error',
      retryAfterMs: 2000,
    });
  });
  test('529: Anthropic is overloaded', () => {
    expect(
      ofStatus(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }).kind,
    ).toBe('server-error');
  });
});

describe('an error in a 200', () => {
  test.each([
    [{ code: 429, message: 'x' }, 'rate-limited'],
    [{ code: '502', message: 'x' }, 'server-error'],
    [{ type: 'rate_limit_error', message: 'x' }, 'rate-limited'],
    [{ type: 'authentication_error', message: 'x' }, 'authentication'],
    [{ type: 'not_found_error', message: 'x' }, 'unknown-model'],
    [{ code: 'context_length_exceeded', message: 'x' }, 'context-too-long'],
    [{ code: 'insufficient_quota', message: 'x' }, 'quota-exhausted'],
    [{ type: 'invalid_request_error', message: 'x' }, 'bad-request'],
    ['something broke', 'server-error'],
  ])('%j is named by its code', (error, kind) => {
    expect(classify({ type: 'body-error', error, headers: new Headers() }, CONTEXT, NOW).kind).toBe(kind);
  });
});

describe('what is thrown', () => {
  const thrown = (error: unknown) => classify({ type: 'thrown', error }, CONTEXT, NOW);
  const withCode = (code: string) => Object.assign(new Error('x'), { code });
  test.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('%s: a connection that was never made', (code) => {
    const error = new TypeError('fetch failed', { cause: withCode(code) });
    const failure = thrown(error);
    expect(failure).toMatchObject({ kind: 'connection', neverSent: true });
    expect(failure.message).toContain(code);
    expect(failure.message).toContain('https://api.openai.com/v1');
  });
  test('ECONNREFUSED over IPv6 and IPv4', () => {
    const both = new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')]);
    expect(thrown(new TypeError('fetch failed', { cause: both })).neverSent).toBe(true);
  });
  test.each(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])(
    '%s: a connection that may have carried the request',
    (code) => {
      expect(thrown(new TypeError('terminated', { cause: withCode(code) }))).toMatchObject({
        kind: 'connection',
        neverSent: false,
      });
    },
  );
  test.each(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])('%s: a timeout', (code) => {
    expect(thrown(new TypeError('fetch failed', { cause: withCode(code) })).kind).toBe('timeout');
  });
  test('malformed JSON: an unknown response', () => {
    expect(thrown(new SyntaxError('Unexpected token <')).kind).toBe('unknown-response');
  });
  test('our own timeout', () => {
    const failure = classify({ type: 'timeout', timeoutMs: 1500 }, CONTEXT, NOW);
    expect(failure).toMatchObject({
      kind: 'timeout',
      message: 'main, gpt-4o-mini: no complete response within 1500 ms',
    });
  });
});

describe('a message', () => {
  test('is one line, with the vendor’s words cut', () => {
    const { message } = ofStatus(500, `first\n\nsecond ${'x'.repeat(400)}`);
    expect(message).toContain('"first second xxx');
    expect(message).not.toContain('\n');
    expect(message.length).toBeLessThan(400);
  });
  test('holds no half of a key that was cut', () => {
    const secret = 'abcdefghijklmnop';
    const body = `${'x'.repeat(292)}${secret}`;
    const problem = { type: 'status', status: 500, body, headers: new Headers() } as const;
    expect(classify(problem, { ...CONTEXT, secrets: [secret] }, NOW).message).not.toContain('abcdef');
  });
});
