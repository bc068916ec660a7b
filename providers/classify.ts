import type { FailureKind } from '../core/failure.ts';
import { fieldsIn, firstText, isFields } from './json.ts';
import { redact } from './redact.ts';
import { retryAfterMs } from './retry-after.ts';

/** Whose request failed: what a message names, and what it must never hold. */
export interface FailureContext {
  /** The provider's name in the settings. */
  readonly provider: string;
  readonly modelId: string;
  readonly baseUrl: string;
  /** The environment variable that the key came from; null where the provider has none. */
  readonly keyEnv: string | null;
  /** Values that no message may hold. */
  readonly secrets: readonly string[];
}

export type Problem =
  /** A response that is no 2xx. `body` is its JSON, or its text where it is none. */
  | { readonly type: 'status'; readonly status: number; readonly body: unknown; readonly headers: Headers }
  /** An error object in a response that began with 200: in its body, or in the middle of a stream. */
  | { readonly type: 'body-error'; readonly error: unknown; readonly headers: Headers }
  /** The request, or the reading of its response, threw. */
  | { readonly type: 'thrown'; readonly error: unknown }
  /** Our own time ran out. */
  | { readonly type: 'timeout'; readonly timeoutMs: number }
  /** A 200 that cannot be used, as its reader explains. */
  | { readonly type: 'unusable'; readonly kind: FailureKind; readonly explanation: string };

export interface Classified {
  readonly kind: FailureKind;
  /** One line: provider, model, status, the vendor's words, how to mend it. Never holds a key. */
  readonly message: string;
  readonly retryAfterMs: number | null;
  /** Whether it is certain that the request never reached the provider. */
  readonly neverSent: boolean;
}

/** The one place where a provider's failure gets its name, and with it the cascade's reaction. */
export function classify(problem: Problem, context: FailureContext, now: Date = new Date()): Classified {
  switch (problem.type) {
    case 'status': {
      const kind = kindOfStatus(problem.status, problem.body);
      const waitMs = retryAfterMs(problem.headers, problem.body, now);
      return name(kind, `HTTP ${problem.status}`, wordsOf(problem.body), context, waitMs);
    }
    case 'body-error': {
      const kind = kindOfStatus(statusOfError(problem.error), problem.error);
      const waitMs = retryAfterMs(problem.headers, problem.error, now);
      return name(kind, 'an error in a 200 response', wordsOf(problem.error), context, waitMs);
    }
    case 'timeout':
      return name('timeout', `no complete response within ${problem.timeoutMs} ms`, '', context, null);
    case 'unusable':
      return name(problem.kind, problem.explanation, '', context, null);
    case 'thrown':
      return classifyThrown(problem.error, context);
  }
}

const TOO_LONG =
  /context_length_exceeded|maximum context length|context window|context length|prompt is too long|input is too long|prompt too long|input token count|too many (?:input )?tokens|maximum prompt length|reduce the length of/;
const FILTERED =
  /content_filter|responsibleaipolicyviolation|content_policy_violation|content management policy|content policy|flagged|moderation/;
const BAD_KEY =
  /invalid_api_key|api_key_invalid|(?:incorrect|invalid) api key|api key (?:not valid|expired|is invalid)/;
const NO_MONEY =
  /insufficient_quota|billing_hard_limit|credit balance|insufficient[ _](?:balance|credits?|funds|quota)|payment required/;
const NO_MODEL =
  /model_not_found|model[ _]not[ _](?:found|exist)|model .{0,120}(?:does not exist|not found)|(?:not a valid|invalid|unknown|unsupported) model/;

function kindOfStatus(status: number, body: unknown): FailureKind {
  const text = haystackOf(body);
  if (status === 429) return NO_MONEY.test(text) ? 'quota-exhausted' : 'rate-limited';
  if (status >= 500) return 'server-error';
  if (status === 408) return 'timeout';
  if (status === 409) return 'conflict';
  if (status === 402) return 'quota-exhausted';
  if (status === 401) return 'authentication';
  if (status < 400) return 'unknown-response';
  // Vendors put the same trouble under different 4xx: Gemini refuses a bad key with 400, OpenRouter a flagged prompt with 403.
  if (TOO_LONG.test(text)) return 'context-too-long';
  if (FILTERED.test(text)) return 'refusal';
  if (NO_MONEY.test(text)) return 'quota-exhausted';
  if (BAD_KEY.test(text)) return 'authentication';
  if (NO_MODEL.test(text) || status === 404) return 'unknown-model';
  if (status === 403) return 'authentication';
  if (status === 413) return 'context-too-long';
  return 'bad-request';
}

/** An error inside a 200 names its status by number (OpenRouter) or in words (Anthropic, OpenAI). */
function statusOfError(error: unknown): number {
  const code = isFields(error) ? (error['code'] ?? error['status']) : undefined;
  const number = typeof code === 'number' ? code : Number.parseInt(typeof code === 'string' ? code : '', 10);
  if (number >= 400 && number <= 599) return number;
  const text = haystackOf(error);
  if (NO_MONEY.test(text)) return 402;
  if (/rate.?limit|resource_exhausted/.test(text)) return 429;
  if (TOO_LONG.test(text) || FILTERED.test(text) || /invalid_request|bad_request/.test(text)) return 400;
  if (BAD_KEY.test(text) || /authentication_error|unauthorized/.test(text)) return 401;
  return NO_MODEL.test(text) || text.includes('not_found_error') ? 404 : 500;
}

const NEVER_SENT: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there: check base_url, and that the server runs',
  ENOTFOUND: 'the host name is unknown: check base_url and DNS',
  EAI_AGAIN: 'the host name could not be looked up: check DNS and the network',
  EHOSTUNREACH: 'the host is unreachable: check base_url and the network',
  ENETUNREACH: 'the network is unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'the connection could not be opened in time: check base_url and the network',
};
const TLS = /^(?:CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|EPROTO$|HOSTNAME_MISMATCH)/;

function classifyThrown(error: unknown, context: FailureContext): Classified {
  const codes = [...codesOf(error)];
  const words = codes.length > 0 ? codes.join(', ') : error instanceof Error ? error.message : String(error);
  if (error instanceof SyntaxError) {
    return name('unknown-response', 'the response is not JSON', error.message, context, null);
  }
  const unsent = codes.find((code) => Object.hasOwn(NEVER_SENT, code));
  if (unsent !== undefined) {
    const message = `${unsent} at ${context.baseUrl}: ${NEVER_SENT[unsent] ?? ''}`;
    return { ...name('connection', message, '', context, null), neverSent: true };
  }
  if (codes.some((code) => TLS.test(code))) {
    const advice = `TLS failed (${words}) at ${context.baseUrl}: check https and the certificate (NODE_EXTRA_CA_CERTS)`;
    return { ...name('connection', advice, '', context, null), neverSent: true };
  }
  if (codes.some((code) => /TIMEDOUT|_TIMEOUT$/.test(code)) || /timed? ?out/i.test(words)) {
    return name('timeout', `timed out at ${context.baseUrl}`, words, context, null);
  }
  return name('connection', `the connection to ${context.baseUrl} broke`, words, context, null);
}

/** Error codes down the chain of causes; a connection tried over IPv6 and IPv4 fails with several. */
function* codesOf(error: unknown, depth = 0): Generator<string> {
  if (!isFields(error) || depth > 5) return;
  if (typeof error['code'] === 'string') yield error['code'];
  const inner = [error['cause'], ...(Array.isArray(error['errors']) ? (error['errors'] as unknown[]) : [])];
  for (const cause of inner) yield* codesOf(cause, depth + 1);
}

const LONGEST_WORDS = 300;

function name(
  kind: FailureKind,
  what: string,
  words: string,
  context: FailureContext,
  waitMs: number | null,
): Classified {
  // Redacted before it is cut, since half a key is no longer recognised as one.
  const said = oneLine(redact(words, context.secrets));
  const quoted = said.length > LONGEST_WORDS ? `${said.slice(0, LONGEST_WORDS)}…` : said;
  const parts = [what, quoted === '' ? null : `"${quoted}"`, adviceFor(kind, context)];
  const text = `${context.provider}, ${context.modelId}: ${parts.filter((part) => part !== null).join('; ')}`;
  return { kind, message: oneLine(redact(text, context.secrets)), retryAfterMs: waitMs, neverSent: false };
}

function adviceFor(kind: FailureKind, context: FailureContext): string | null {
  // eslint-disable-next-line @typescript-eslint/switch-exhaustiveness-check -- the others need no advice
  switch (kind) {
    case 'authentication':
      return context.keyEnv === null
        ? 'check the connection’s key, and what it may do'
        : `check the key in ${context.keyEnv}, and what it may do`;
    case 'unknown-model':
      return `check the model id, and that ${context.baseUrl} is the base URL that serves it`;
    case 'quota-exhausted':
      return 'the account has no credit or quota left: top it up or raise its limit';
    case 'context-too-long':
      return 'the request is too long for this model: shorten it, or ask a model with a longer context';
    case 'bad-request':
      return 'this model does not take the request as it stands: check its parameters';
    default:
      return null;
  }
}

/** The vendor's words, wherever it puts them: `error.message`, `message`, `detail`, a list of one, or plain text. */
function wordsOf(body: unknown): string {
  if (typeof body === 'string') return body.replace(/<[^>]*>/g, ' ');
  if (Array.isArray(body)) return wordsOf(body[0]);
  if (!isFields(body)) return '';
  const error = body['error'];
  if (isFields(error) || Array.isArray(error)) return wordsOf(error);
  const raw = fieldsIn(body, 'metadata')['raw']; // OpenRouter: what the vendor behind it said
  const words = firstText(error, body['message'], body['detail'], body['title']);
  if (words !== null) return typeof raw === 'string' && raw !== '' ? `${words}: ${raw}` : words;
  return JSON.stringify(body['message'] ?? body['detail'] ?? body);
}

function haystackOf(body: unknown): string {
  return (typeof body === 'string' ? body : JSON.stringify(body ?? null)).slice(0, 20_000).toLowerCase();
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
