import type { FailureKind } from '../core/failure.ts';
import type { DecimalUsd } from '../core/money.ts';
import type { JsonObject } from '../core/policy.ts';
import type { Usage } from '../core/usage.ts';

/** One request to one model: an attempt. */
export interface ModelRequest {
  /** The id that the provider knows the model by. */
  readonly modelId: string;
  /** Chat messages in OpenAI's form, passed through unchanged. */
  readonly messages: readonly JsonObject[];
  /** Every other chat parameter, passed through unchanged. `model`, `messages` and `stream` are not among them. */
  readonly parameters: JsonObject;
  readonly stream: boolean;
  /** Absent for a chat completion. `embeddings`: the text of each message is embedded, and nothing streams. */
  readonly endpoint?: 'embeddings';
  readonly timeoutMs: number;
  /** Sent as `X-Client-Request-Id`, so that the vendor's records can be joined to ours. */
  readonly attemptId: string;
}

/** A usable response. */
export interface ModelResponse {
  /**
   * Of embeddings the vectors, as in {@link message}, one a line. Else the message's content; for tool calls without content the canonical JSON `[{ "arguments": …, "name": … }]`, without
   * their random ids, so that equal calls are equal text. Never empty.
   */
  readonly text: string;
  /** The assistant's message as the provider sent it. Of embeddings `{ "role": "embedder", "vectors": [base64, …] }`. */
  readonly message: JsonObject;
  readonly finishReason: string | null;
  /** Natural-log probabilities of the output tokens, where they were asked for and sent. */
  readonly logprobs: readonly number[] | null;
}

/** What is known after a request, however it went: enough to close its row. */
export interface RequestFacts {
  /** Null where the provider sent no usage, or an impossible one. */
  readonly usage: Usage | null;
  /** Whether {@link usage} is only what a stream had told by the time it was cut: there may be more. */
  readonly usageIsPartial: boolean;
  /**
   * What proves that the provider took the request and worked on it: a 2xx, of which the beginning of a completion came,
   * and no error. Null without such a proof: a request id alone is none, since most refusals carry one and are not billed.
   */
  readonly taken: {
    /** The answer's text as far as it came. */
    readonly text: string;
  } | null;
  /** The provider's own figure for the cost, where it sends one. */
  readonly reportedCostUsd: DecimalUsd | null;
  /** The response's `id`. */
  readonly responseId: string | null;
  /** The `x-request-id` header (or the vendor's own name for it). */
  readonly requestId: string | null;
  /** The model id that the provider says it served. */
  readonly reportedModel: string | null;
  /** The service tier that the provider says it served at, in its own word. */
  readonly serviceTier: string | null;
  readonly httpStatus: number | null;
  readonly latencyMs: number;
  /** Null unless the request streamed. */
  readonly timeToFirstTokenMs: number | null;
  /**
   * Whether the provider can have billed it: `no` where the request never left, or was redirected or refused (a 3xx, or a
   * 4xx other than 408) without a usage, else `maybe`. With a usage it has been billed.
   */
  readonly billed: 'no' | 'maybe';
}

export type ModelOutcome =
  | (RequestFacts & { readonly type: 'answered'; readonly response: ModelResponse })
  | (RequestFacts & {
      readonly type: 'failed';
      readonly kind: FailureKind;
      /** What, where and how to mend it, in one line; never holds a key. */
      readonly message: string;
      /** How long the provider asks to wait before the next attempt. */
      readonly retryAfterMs: number | null;
      /** Where a response came all the same (a refusal, no JSON, the beginning of a stream): what there was of it. */
      readonly response: ModelResponse | null;
    })
  | (RequestFacts & { readonly type: 'cancelled' });

/** What a provider says afterwards of a request. */
export interface ToldCost {
  readonly costUsd: DecimalUsd;
  /** Null where it tells none, or an impossible one. */
  readonly usage: Usage | null;
}

/** A connection to one vendor. */
export interface Provider {
  readonly name: string;
  /** Makes exactly one HTTP request, and never throws for what the vendor does. */
  request(request: ModelRequest, signal: AbortSignal): Promise<ModelOutcome>;
  /**
   * Asks what a response cost, by its `id`; null while the provider does not know it (yet). Not there where a provider
   * cannot be asked. Asking costs nothing.
   * @throws {Error} one line, without keys, when it does not answer.
   */
  tellCost?(responseId: string, signal: AbortSignal): Promise<ToldCost | null>;
}
