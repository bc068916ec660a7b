import type { RecordedResponse } from '../recorded/format.ts';
import type { ChatRequest } from './request.ts';
import { toOpenAiUsage, type MeteredUsage } from './usage.ts';

/** A recorded response as one request gets it. */
export interface Completion {
  readonly responseId: string;
  readonly model: string;
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  /** Null unless they were recorded and asked for. */
  readonly logprobs: readonly number[] | null;
  /** The truth, which is billed. */
  readonly usage: MeteredUsage;
  /** What embeddings were asked for instead of a text; absent for a completion. */
  readonly vectors?: readonly Float64Array[];
}

/** Fewer events than tokens, as several vendors send them, keep a stream of hundreds of tokens cheap to serve. */
const TOKENS_PER_CHUNK = 4;

/** The response within the request's limit of tokens. A token's text was not recorded, so a cut keeps the same share of it. */
export function completionOf(
  recorded: RecordedResponse,
  request: ChatRequest,
  responseId: string,
): Completion {
  const limit = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const isCut = recorded.output_tokens > limit;
  const outputTokens = isCut ? limit : recorded.output_tokens;
  const logprobs = request.logprobs === true ? (recorded.logprobs ?? null) : null;
  return {
    responseId,
    model: request.model,
    text: isCut ? (parts(recorded.text, recorded.output_tokens, [limit])[0] ?? '') : recorded.text,
    finishReason: isCut ? 'length' : 'stop',
    logprobs: logprobs?.slice(0, outputTokens) ?? null,
    usage: {
      input_tokens: recorded.input_tokens,
      cached_tokens: recorded.cached_tokens ?? 0,
      output_tokens: outputTokens,
    },
  };
}

/** The body of an answer that is not streamed. */
export function bodyOf(completion: Completion, reported: MeteredUsage): string {
  const { text, logprobs, finishReason, vectors } = completion;
  if (vectors !== undefined) return embeddingsBody(completion.model, vectors, reported);
  return JSON.stringify({
    ...head(completion, 'chat.completion'),
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: logprobs === null ? null : logprobsOf(logprobs, text),
        finish_reason: finishReason,
      },
    ],
    usage: toOpenAiUsage(reported),
  });
}

function embeddingsBody(
  model: string,
  vectors: readonly Float64Array[],
  { input_tokens }: MeteredUsage,
): string {
  return JSON.stringify({
    object: 'list',
    data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: [...vector] })),
    model,
    usage: { prompt_tokens: input_tokens, total_tokens: input_tokens },
  });
}

/** A server-sent event, and what it carries. */
export interface StreamEvent {
  readonly data: string;
  /** Output tokens in it: what its pace is made from. */
  readonly tokens: number;
  readonly reported: MeteredUsage | null;
}

/** The events of a streamed answer, without the usage and `[DONE]`: the role, the text in parts, the finish. */
export function eventsOf(completion: Completion): StreamEvent[] {
  const { text, usage, logprobs, finishReason } = completion;
  // A text without a token count is one part.
  const total = Math.max(usage.output_tokens, 1);
  const ends: number[] = [];
  for (let end = TOKENS_PER_CHUNK; end < total + TOKENS_PER_CHUNK; end += TOKENS_PER_CHUNK) {
    ends.push(Math.min(end, total));
  }
  const event = (
    delta: object,
    tokens = 0,
    finish: string | null = null,
    probabilities: object | null = null,
  ) => {
    const choice = { index: 0, delta, logprobs: probabilities, finish_reason: finish };
    const data = JSON.stringify({ ...head(completion, 'chat.completion.chunk'), choices: [choice] });
    return { data, tokens, reported: null };
  };
  const content = parts(text, total, ends).map((part, index) => {
    const [from, to] = [index * TOKENS_PER_CHUNK, ends[index] ?? total];
    const probabilities = logprobs === null ? null : logprobsOf(logprobs.slice(from, to), part);
    return event({ content: part }, to - from, null, probabilities);
  });
  return [event({ role: 'assistant', content: '' }), ...content, event({}, 0, finishReason)];
}

/** The event that carries the usage, where the client asked for it. */
export function usageEvent(completion: Completion, reported: MeteredUsage): StreamEvent {
  const chunk = { ...head(completion, 'chat.completion.chunk'), choices: [], usage: toOpenAiUsage(reported) };
  return { data: JSON.stringify(chunk), tokens: 0, reported };
}

function head({ responseId, model }: Completion, object: string): object {
  return { id: responseId, object, created: Math.floor(Date.now() / 1000), model };
}

/** OpenAI's form; a token's text is its share of the whole. */
function logprobsOf(logprobs: readonly number[], text: string): object {
  const ends = logprobs.map((_, index) => index + 1);
  const tokens = parts(text, logprobs.length, ends);
  return {
    content: logprobs.map((logprob, index) => {
      const token = tokens[index] ?? '';
      return { token, logprob, bytes: [...Buffer.from(token)], top_logprobs: [] };
    }),
    refusal: null,
  };
}

/** Cuts a text of so many tokens where these counts of tokens end, between characters. */
function parts(text: string, tokens: number, ends: readonly number[]): string[] {
  // Code points: half a surrogate pair would be lost on the way.
  const characters = Array.from(text);
  const at = (end: number): number => Math.floor((characters.length * end) / tokens);
  return ends.map((end, index) =>
    characters.slice(index === 0 ? 0 : at(ends[index - 1] ?? 0), at(end)).join(''),
  );
}
