import { APIConnectionError, APIError, OpenAIError } from 'openai';
import { Stream } from 'openai/core/streaming';
import { messageText } from '../core/message.ts';
import type { JsonObject } from '../core/policy.ts';
import { createAccumulator } from './accumulate-stream.ts';
import { CATALOGUE } from './catalogue.ts';
import { classify, type FailureContext, type Problem } from './classify.ts';
import { fieldsIn, firstChoice, isFields, type Fields } from './json.ts';
import { createClient, type ProviderConfig } from './openai-client.ts';
import type { ModelOutcome, ModelRequest, ModelResponse, Provider } from './provider.ts';
import { readCompletion, responseOf } from './read-completion.ts';
import { readEmbeddings } from './read-embeddings.ts';
import { secretsOf } from './redact.ts';
import { createFacts } from './request-facts.ts';
import { tellCost } from './tell-cost.ts';

export interface ProviderOptions {
  /** Milliseconds of a clock that never goes back. Default: `performance.now`. */
  readonly now?: () => number;
}

/** The longest that `setTimeout` can wait (2³¹ − 1 ms, 24 days); above it fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

/**
 * A connection to a vendor's chat completions and embeddings. One call is one HTTP request: nothing is retried and no redirect followed.
 *
 * `timeoutMs` covers everything from the connection to the last byte. (Node's own fetch gives up after 300 s without
 * headers, or between two parts of a body, whatever `timeoutMs` says: slower models have to stream.)
 *
 * A stream is complete when its `finish_reason` has come, even if the connection breaks afterwards: the answer is paid for
 * and whole. Without it the stream was cut, and what came of it stands in the failure.
 *
 * @throws {TypeError} when the configuration's base URL is none. The provider itself never throws.
 */
export function createProvider(config: ProviderConfig, options: ProviderOptions = {}): Provider {
  const now = options.now ?? (() => performance.now());
  const client = createClient(config);
  const { keyRequired, keyEnv, asksStreamUsage } = CATALOGUE[config.kind];
  const secrets = secretsOf(config);

  return {
    name: config.name,
    request,
    ...(CATALOGUE[config.kind].tellsCost && {
      tellCost: (responseId, signal) => tellCost(client, config, responseId, signal),
    }),
  };

  async function request(asked: ModelRequest, signal: AbortSignal): Promise<ModelOutcome> {
    const context: FailureContext = {
      provider: config.name,
      modelId: asked.modelId,
      baseUrl: config.baseUrl,
      keyEnv: config.keyEnv === undefined ? keyEnv : config.keyEnv,
      secrets,
    };
    const startedAt = now();
    const facts = createFacts(asked.stream, () => now() - startedAt);
    if (signal.aborted) return { type: 'cancelled', ...facts.read(true) };
    if (keyRequired && (config.apiKey ?? '').trim() === '' && config.headers === undefined) {
      // Headers may carry a credential of their own; where they do not, the vendor says so.
      const explanation = 'no key is configured';
      return failed({ type: 'unusable', kind: 'authentication', explanation }, null, true);
    }

    const stopped = { by: null as 'cancel' | 'timeout' | null };
    const controller = new AbortController();
    const stop = (why: 'cancel' | 'timeout'): void => {
      stopped.by ??= why;
      controller.abort();
    };
    const onCancel = (): void => {
      stop('cancel');
    };
    signal.addEventListener('abort', onCancel, { once: true });
    const timer = setTimeout(stop, Math.min(asked.timeoutMs, LONGEST_TIMER_MS), 'timeout');
    let partial: ModelResponse | null = null;
    const socket = { isDone: false };
    try {
      return await exchange();
    } catch (error) {
      facts.sawError(error);
      if (stopped.by === 'cancel') return { type: 'cancelled', ...facts.read(false) };
      if (stopped.by === 'timeout')
        return failed({ type: 'timeout', timeoutMs: asked.timeoutMs }, partial, false);
      const problem = problemOf(error, facts.headers());
      return failed(problem, partial, problem.type === 'unusable' && problem.kind === 'bad-request');
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onCancel);
      // Closes the socket of a response that was not read to its end; to one that was it would do nothing, at a price.
      if (!socket.isDone) controller.abort();
    }

    async function exchange(): Promise<ModelOutcome> {
      const response = await client
        .post(asked.endpoint === 'embeddings' ? '/embeddings' : '/chat/completions', {
          body: bodyOf(asked, asksStreamUsage),
          signal: controller.signal,
          // The SDK's own timer ends with the headers: ours, which goes on, has to be the one that rings.
          timeout: Math.min(asked.timeoutMs + 60_000, LONGEST_TIMER_MS),
          headers: { 'X-Client-Request-Id': asked.attemptId },
        })
        .asResponse();
      facts.sawHeaders(response);
      const streams = asked.stream && !isJsonResponse(response);
      const body = streams ? await readStream(response) : await readWhole(response);
      const reading =
        asked.endpoint === 'embeddings'
          ? readEmbeddings(body, asked.messages.length)
          : readCompletion(body, asked.parameters);
      if (reading.type === 'usable')
        return { type: 'answered', ...facts.read(false), response: reading.response };
      if (reading.type === 'unusable') return failed(reading, reading.response, false);
      return failed({ type: 'body-error', error: reading.error, headers: response.headers }, null, false);
    }

    /** The body as JSON. @throws what the connection threw, or the parser. */
    async function readWhole(response: Response): Promise<unknown> {
      const decoder = new TextDecoder();
      let text = '';
      let whole = false;
      try {
        for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
          text += decoder.decode(bytes, { stream: true });
        }
        socket.isDone = true;
        const body = JSON.parse(text + decoder.decode()) as unknown;
        whole = true;
        facts.sawBody(body);
        return body;
      } finally {
        if (!whole) facts.sawBrokenBody(text);
      }
    }

    /** The stream's chunks as one completion. @throws what the connection threw, or {@link StreamCut}. */
    async function readStream(response: Response): Promise<unknown> {
      const accumulator = createAccumulator();
      let finished = false;
      let broken: unknown = null;
      try {
        for await (const chunk of Stream.fromSSEResponse<unknown>(response, controller, client)) {
          if (!isFields(chunk)) continue;
          facts.sawChunk(chunk);
          finished ||= hasFinishReason(chunk);
          accumulator.add(chunk);
        }
      } catch (error) {
        broken = error;
      }
      const completion = await accumulator.end();
      // Once whole, a response is usable though its connection broke. A cancel has asked for none.
      if (finished && stopped.by !== 'cancel') return completion;
      const choice = completion === null ? null : (completion['choices'] as readonly Fields[])[0];
      partial = choice ? responseOf(choice, null) : null;
      // A vendor's word about the end, or a chunk that is no JSON, says more than that the stream ended early.
      if (broken instanceof APIError || broken instanceof SyntaxError) throw broken;
      throw new StreamCut(broken);
    }

    function failed(problem: Problem, response: ModelResponse | null, unsent: boolean): ModelOutcome {
      const { kind, message, retryAfterMs, neverSent } = classify(problem, context);
      return { type: 'failed', ...facts.read(unsent || neverSent), kind, message, retryAfterMs, response };
    }
  }
}

class StreamCut extends Error {
  constructor(cause: unknown) {
    super('the stream ended before a finish_reason came', { cause });
  }
}

function bodyOf(
  { modelId, messages, parameters, stream, endpoint }: ModelRequest,
  asksStreamUsage: boolean,
): JsonObject {
  if (endpoint === 'embeddings')
    return { ...parameters, model: modelId, input: messages.map(messageText), encoding_format: 'float' };
  const body = { ...parameters, model: modelId, messages };
  if (!stream) return body;
  if (!asksStreamUsage) return { ...body, stream: true };
  const streamOptions = fieldsIn(parameters, 'stream_options') as JsonObject;
  return { ...body, stream: true, stream_options: { ...streamOptions, include_usage: true } };
}

function problemOf(error: unknown, headers: Headers | null): Problem {
  if (error instanceof StreamCut) return { type: 'unusable', kind: 'stream-cut', explanation: error.message };
  if (headers === null && !(error instanceof APIError)) {
    // Neither the vendor nor the connection threw: a header or a body that cannot be sent did.
    const explanation = `the request could not be made: ${error instanceof Error ? error.message : String(error)}`;
    return { type: 'unusable', kind: 'bad-request', explanation };
  }
  if (error instanceof OpenAIError && !(error instanceof APIError)) {
    // The SDK's accumulator: the chunks came whole and do not fit together.
    return { type: 'unusable', kind: 'unknown-response', explanation: error.message };
  }
  if (!(error instanceof APIError) || error instanceof APIConnectionError) return { type: 'thrown', error };
  const status: unknown = error.status;
  const known = (error.headers as Headers | undefined) ?? headers ?? new Headers();
  // Without a status it is an error event in the middle of a stream.
  return typeof status === 'number'
    ? { type: 'status', status, body: error.error, headers: known }
    : { type: 'body-error', error: error.error, headers: known };
}

function isJsonResponse(response: Response): boolean {
  return /^application\/([\w.-]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
}

function hasFinishReason(chunk: Fields): boolean {
  const reason = firstChoice(chunk)['finish_reason'];
  return typeof reason === 'string' && reason !== '' && reason !== 'error';
}
