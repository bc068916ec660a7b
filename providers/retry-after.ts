import { fieldsIn, isFields } from './json.ts';

/** No wait beyond a day is worth believing: a broken clock on either side gives such dates. */
const LONGEST_WAIT_MS = 24 * 60 * 60 * 1000;

/**
 * Milliseconds that a provider asks to wait: `retry-after-ms` (OpenAI, Azure), `retry-after` in seconds or as an HTTP date
 * (RFC 9110, 10.2.3), or Google's `retryDelay` in the body. Null where it asks for nothing readable.
 */
export function retryAfterMs(headers: Headers, body: unknown, now: Date): number | null {
  return (
    wait(Number.parseFloat(headers.get('retry-after-ms') ?? '')) ??
    fromRetryAfter(headers.get('retry-after'), now) ??
    fromRetryInfo(body)
  );
}

function fromRetryAfter(value: string | null, now: Date): number | null {
  if (value === null) return null;
  if (/^\s*\d+(\.\d+)?\s*$/.test(value)) return wait(Number(value) * 1000);
  // Every HTTP date names its day; what else Date.parse can read ("-5") is none.
  if (!/[A-Z][a-z]{2}/.test(value)) return null;
  return wait(Math.max(0, Date.parse(value) - now.getTime()));
}

/** `google.rpc.RetryInfo`: `{ "retryDelay": "36s" }` among the error's details. */
function fromRetryInfo(body: unknown): number | null {
  const first: unknown = Array.isArray(body) ? body[0] : body;
  const details = fieldsIn(first, 'error')['details'];
  for (const detail of Array.isArray(details) ? (details as unknown[]) : []) {
    const delay = isFields(detail) ? detail['retryDelay'] : undefined;
    if (typeof delay === 'string') return wait(Number.parseFloat(delay) * 1000);
  }
  return null;
}

function wait(ms: number): number | null {
  return Number.isFinite(ms) && ms >= 0 ? Math.min(Math.ceil(ms), LONGEST_WAIT_MS) : null;
}
