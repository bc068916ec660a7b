import { isJson } from '../core/is-json.ts';
import { messageText, toolCallsOf } from '../core/message.ts';
import type { FailureKind } from '../core/failure.ts';
import type { JsonObject } from '../core/policy.ts';
import { fieldsIn, isFields, type Fields } from './json.ts';
import type { ModelResponse } from './provider.ts';

export type Reading =
  | { readonly type: 'usable'; readonly response: ModelResponse }
  | {
      readonly type: 'unusable';
      readonly kind: FailureKind;
      readonly explanation: string;
      readonly response: ModelResponse | null;
    }
  /** The provider reports a failure inside a 200. */
  | { readonly type: 'error'; readonly error: unknown };

/**
 * What a chat completion gives: a usable response, or why a 200 is none. Only the first choice counts.
 * @param parameters the request's: they say whether JSON was asked for.
 */
export function readCompletion(body: unknown, parameters: JsonObject): Reading {
  const error = isFields(body) ? body['error'] : undefined;
  if (error !== undefined && error !== null && error !== '') return { type: 'error', error };
  const choices = isFields(body) ? body['choices'] : undefined;
  if (!Array.isArray(choices)) return unusable('unknown-response', 'the response is not a chat completion');
  const choice: unknown = choices[0];
  if (!isFields(choice)) return unusable('empty-response', 'the response holds no choice');
  const choiceError = choice['error'];
  if (isFields(choiceError)) return { type: 'error', error: choiceError };

  const finishReason = typeof choice['finish_reason'] === 'string' ? choice['finish_reason'] : null;
  const response = responseOf(choice, finishReason);
  const refusal = fieldsIn(choice, 'message')['refusal'];
  if (typeof refusal === 'string' && refusal !== '') {
    return unusable('refusal', 'the model refused', response);
  }
  if (finishReason === 'content_filter' || finishReason === 'refusal') {
    return unusable('refusal', `the response was withheld (finish_reason ${finishReason})`, response);
  }
  if (response === null) return unusable('empty-response', emptyBecause(finishReason));
  if (asksForJson(parameters) && !calledTools(choice) && !isJson(response.text)) {
    const because = finishReason === 'length' ? ', since max_tokens cut it off: raise max_tokens' : '';
    return unusable(
      'invalid-output',
      `response_format asked for JSON and the text is none${because}`,
      response,
    );
  }
  return { type: 'usable', response };
}

function unusable(kind: FailureKind, explanation: string, response: ModelResponse | null = null): Reading {
  return { type: 'unusable', kind, explanation, response };
}

function emptyBecause(finishReason: string | null): string {
  return finishReason === 'length'
    ? 'the response is empty and finish_reason is length: reasoning may have used up all of max_tokens; raise it, or lower the reasoning effort'
    : `the response is empty (finish_reason ${finishReason ?? 'missing'})`;
}

/** The choice as a response, or null where it holds no text, no tool call and no refusal. */
export function responseOf(choice: Fields, finishReason: string | null): ModelResponse | null {
  // What JSON gave is JSON.
  const message = fieldsIn(choice, 'message') as JsonObject;
  const text = messageText(message);
  if (text === '') return null;
  return { text, message, finishReason, logprobs: logprobsOf(choice['logprobs']) };
}

function calledTools(choice: Fields): boolean {
  return toolCallsOf(fieldsIn(choice, 'message') as JsonObject).length > 0;
}

/** OpenAI's form, or Together's parallel list. Null unless every token has a number. */
function logprobsOf(logprobs: unknown): readonly number[] | null {
  const content = isFields(logprobs) ? (logprobs['content'] ?? logprobs['token_logprobs']) : null;
  if (!Array.isArray(content) || content.length === 0) return null;
  const values = (content as unknown[]).map((token) => (isFields(token) ? token['logprob'] : token));
  return values.every((value) => typeof value === 'number') ? values : null;
}

function asksForJson(parameters: JsonObject): boolean {
  const type = fieldsIn(parameters, 'response_format')['type'];
  return type === 'json_schema' || type === 'json_object';
}
