import { bodyOf, eventsOf, usageEvent, type Completion, type StreamEvent } from './completion.ts';
import type { Fault } from './faults.ts';
import { errorBody, RATE_LIMITED, SERVER_ERROR, type Problem } from './problem.ts';
import type { ChatRequest } from './request.ts';
import { misreported, toOpenAiUsage, type MeteredUsage } from './usage.ts';

/** What is sent to the client, decided before anything is. */
export type Reply =
  /** Nothing, until the client hangs up. */
  | { readonly type: 'silence' }
  /** The socket closes. */
  | { readonly type: 'hang-up' }
  | {
      readonly type: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly pieces: readonly Piece[];
      /** Whether the socket closes after the last piece, before the response is complete. */
      readonly cut: boolean;
    };

/** A part of the body, sent as one. */
export interface Piece {
  readonly text: string;
  /** Output tokens that it takes the model's time to write. */
  readonly tokens: number;
  /** The usage that it tells the client. */
  readonly reported: MeteredUsage | null;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const EVENTS_TYPE = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' };

/** A refusal, as a whole body. */
export function refusal(problem: Problem, headers: Readonly<Record<string, string>> = {}): Reply {
  return whole(problem.status, JSON.stringify(errorBody(problem)), 0, null, headers);
}

/** A recorded response, or the fault in its stead. */
export function replyTo(
  request: Pick<ChatRequest, 'stream' | 'stream_options'>,
  completion: Completion,
  fault: Fault | null,
): Reply {
  switch (fault?.kind) {
    case 'rate-limit':
      return refusal(RATE_LIMITED, { 'retry-after': String(fault.retry_after_seconds) });
    case 'server-error':
      return refusal(SERVER_ERROR);
    case 'error-with-usage': {
      const body = { ...errorBody(SERVER_ERROR), usage: toOpenAiUsage(completion.usage) };
      return whole(500, JSON.stringify(body), 0, completion.usage);
    }
    case 'stall':
      return { type: 'silence' };
    case 'cut-connection':
      return { type: 'hang-up' };
    case 'cut-stream':
    case 'malformed-json':
    case 'empty-content':
    case 'wrong-usage':
    case 'wrong-answer':
    case undefined:
      return request.stream === true ? streamed(request, completion, fault) : unstreamed(completion, fault);
  }
}

function unstreamed(completion: Completion, fault: Fault | null): Reply {
  const tokens = completion.usage.output_tokens;
  const reported = reportedUsage(completion, fault);
  const body = bodyOf(shown(completion, fault), reported);
  const half = body.slice(0, Math.floor(body.length / 2));
  if (fault?.kind === 'malformed-json') return whole(200, half, tokens, null);
  if (fault?.kind !== 'cut-stream') return whole(200, body, tokens, reported);
  return { ...whole(200, half, tokens, null), cut: true };
}

function streamed(
  request: Pick<ChatRequest, 'stream' | 'stream_options'>,
  completion: Completion,
  fault: Fault | null,
): Reply {
  const events = eventsOf(shown(completion, fault));
  const answer = { type: 'answer', status: 200, headers: EVENTS_TYPE, cut: false } as const;
  if (fault?.kind === 'cut-stream' || fault?.kind === 'malformed-json') {
    const half = events.slice(0, Math.ceil(events.length / 2));
    if (fault.kind === 'cut-stream') return { ...answer, pieces: half.map(pieceOf), cut: true };
    const next = events[half.length];
    const broken = { data: next?.data.slice(0, -2) ?? '{', tokens: 0, reported: null };
    return { ...answer, pieces: [...half, broken].map(pieceOf) };
  }
  if (request.stream_options?.include_usage === true) {
    events.push(usageEvent(completion, reportedUsage(completion, fault)));
  }
  return { ...answer, pieces: [...events, { data: '[DONE]', tokens: 0, reported: null }].map(pieceOf) };
}

function shown(completion: Completion, fault: Fault | null): Completion {
  if (fault?.kind !== 'empty-content') return completion;
  return {
    ...{ ...completion, text: '', logprobs: null },
    ...(completion.vectors === undefined ? {} : { vectors: [] }),
  };
}

function reportedUsage({ usage }: Completion, fault: Fault | null): MeteredUsage {
  return fault?.kind === 'wrong-usage' ? misreported(usage, fault.factor) : usage;
}

function pieceOf({ data, tokens, reported }: StreamEvent): Piece {
  return { text: `data: ${data}\n\n`, tokens, reported };
}

function whole(
  status: number,
  text: string,
  tokens: number,
  reported: MeteredUsage | null,
  headers: Readonly<Record<string, string>> = {},
): Extract<Reply, { type: 'answer' }> {
  const pieces = [{ text, tokens, reported }];
  return { type: 'answer', status, headers: { ...JSON_TYPE, ...headers }, pieces, cut: false };
}
