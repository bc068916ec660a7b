import { APIError } from 'openai';
import { fieldsIn, firstChoice, firstText, isFields, type Fields } from './json.ts';
import type { RequestFacts } from './provider.ts';
import { readReportedCost } from './reported-cost.ts';
import { hasUsage, readUsage } from './usage.ts';

/** Names under which vendors send the id of a request. */
const REQUEST_ID_HEADERS = [
  'x-request-id',
  'request-id', // Anthropic
  'apim-request-id', // Azure
  'x-amzn-requestid',
  'x-litellm-call-id',
  'cf-ray',
];

/**
 * Collects what becomes known of a request while it runs, so that it can be told however the request ends.
 * @param streamed whether the request asked for a stream.
 * @param elapsed milliseconds since the request began.
 */
export function createFacts(streamed: boolean, elapsed: () => number) {
  let usage: RequestFacts['usage'] = null;
  let reportedCostUsd: RequestFacts['reportedCostUsd'] = null;
  let responseId: string | null = null;
  let reportedModel: string | null = null;
  let serviceTier: string | null = null;
  let httpStatus: number | null = null;
  let firstTokenMs: number | null = null;
  let headers: Headers | null = null;
  let usageIsFinal = false;
  let finished = false;
  let taken = false;
  let text = '';
  let failed = false;

  function sawBody(body: unknown): void {
    if (!isFields(body)) return;
    responseId ??= firstText(body['id']);
    reportedModel ??= firstText(body['model']);
    // A later chunk knows better: the first may repeat what was asked for. Anthropic's own form has it in the usage.
    serviceTier = firstText(body['service_tier'], fieldsIn(body, 'usage')['service_tier']) ?? serviceTier;
    if (headers !== null) reportedCostUsd = readReportedCost(body, headers, streamed) ?? reportedCostUsd;
    if (hasUsage(body)) usage = readUsage(body);
    const choice = firstChoice(body);
    failed ||= Boolean(body['error']) || Boolean(choice['error']) || choice['finish_reason'] === 'error';
    // Of a completion, or of a list of embeddings.
    taken ||= [body['choices'], body['data']].some((items) => Array.isArray(items) && items.length > 0);
    for (const part of [fieldsIn(choice, 'delta'), fieldsIn(choice, 'message')]) {
      text += firstText(part['content']) ?? '';
    }
  }

  return {
    sawBody(body: unknown): void {
      sawBody(body);
      usageIsFinal = true;
    },
    /** The text of a body that is no JSON, perhaps since it was cut: proof enough where it began as a completion. */
    sawBrokenBody(body: string): void {
      taken ||= /^\s*\{/.test(body) && /"(?:choices|chat\.completion)"/.test(body);
      failed ||= /^\s*\{\s*"error"/.test(body);
    },
    sawHeaders(response: Response): void {
      headers = response.headers;
      httpStatus = response.status;
    },
    sawChunk(chunk: Fields): void {
      sawBody(chunk);
      // The last word on usage comes with the finish, or after it in a chunk without a choice.
      const choice = firstChoice(chunk);
      finished ||= Boolean(choice['finish_reason']);
      if (hasUsage(chunk)) usageIsFinal = finished || Object.keys(choice).length === 0;
      if (firstTokenMs === null && hasToken(chunk)) firstTokenMs = elapsed();
    },
    sawError(error: unknown): void {
      if (!(error instanceof APIError)) return;
      if (typeof error.status === 'number') httpStatus = error.status;
      headers = (error.headers as Headers | undefined) ?? headers;
      // The SDK throws one for a connection that breaks as well: only what the vendor said is the vendor's.
      if (error.error !== undefined) failed = true;
      if (isFields(error.error) && hasUsage(error.error)) usageIsFinal = true;
      sawBody(error.error);
    },
    headers: (): Headers | null => headers,
    /** @param unsent whether nothing can have reached the provider. */
    read(unsent: boolean): RequestFacts {
      // A 4xx is refused before any work is done; 408 may have come after it had begun.
      const refused = httpStatus !== null && httpStatus >= 300 && httpStatus < 500 && httpStatus !== 408;
      return {
        usage,
        usageIsPartial: usage !== null && !usageIsFinal,
        taken:
          taken && !failed && httpStatus !== null && httpStatus >= 200 && httpStatus < 300 ? { text } : null,
        reportedCostUsd,
        responseId,
        requestId: firstText(...REQUEST_ID_HEADERS.map((header) => headers?.get(header))),
        reportedModel,
        serviceTier,
        httpStatus,
        latencyMs: Math.round(elapsed()),
        timeToFirstTokenMs: firstTokenMs === null ? null : Math.round(firstTokenMs),
        billed: usage === null && (unsent || refused) ? 'no' : 'maybe',
      };
    },
  };
}

/** Whether a chunk brings anything of the answer, its reasoning included. */
function hasToken(chunk: Fields): boolean {
  return Object.entries(fieldsIn(firstChoice(chunk), 'delta')).some(
    ([name, value]) => name !== 'role' && (Array.isArray(value) ? value.length > 0 : Boolean(value)),
  );
}
