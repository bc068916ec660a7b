import { canonicalJson } from './canonical-json.ts';
import type { Json, JsonObject } from './policy.ts';

/**
 * The text of an assistant's message, in OpenAI's form: its content, or for tool calls without content their canonical
 * JSON (so that calls are extracted, compared and scored like any other text), or a refusal, or a transcript. Empty where
 * there is none of these.
 */
export function messageText(message: JsonObject): string {
  const content = contentText(message['content'] ?? null);
  if (content.trim() !== '') return content;
  const calls = toolCallsOf(message);
  if (calls.length > 0) return canonicalJson(calls.map(callOf));
  const { refusal } = message;
  if (typeof refusal === 'string' && refusal.trim() !== '') return refusal;
  const transcript = objectAt(message, 'audio')['transcript'];
  return typeof transcript === 'string' && transcript.trim() !== '' ? transcript : '';
}

/** Content is a text, or a list of parts (Mistral's reasoning models) of which the text parts count. */
function contentText(content: Json): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  const parts = (content as readonly Json[]).filter(isObject).filter((part) => part['type'] === 'text');
  return parts.map((part) => (typeof part['text'] === 'string' ? part['text'] : '')).join('');
}

/** Tool calls of a message, the older single `function_call` included. */
export function toolCallsOf(message: JsonObject): readonly JsonObject[] {
  const calls = message['tool_calls'];
  if (Array.isArray(calls) && calls.length > 0) return (calls as readonly Json[]).filter(isObject);
  const legacy = message['function_call'];
  return isObject(legacy) ? [{ type: 'function', function: legacy }] : [];
}

/** A call without its id, which is random, and with its arguments parsed: equal calls of two models are equal text. */
function callOf(call: JsonObject): Json {
  const { arguments: given, name, input } = { ...objectAt(call, 'custom'), ...objectAt(call, 'function') };
  return { name: name ?? null, arguments: parsed(given ?? input ?? null) };
}

function parsed(value: Json): Json {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as Json;
  } catch {
    // A model's arguments are often not quite JSON; they stay as the model wrote them.
    return value;
  }
}

function objectAt(value: JsonObject, key: string): JsonObject {
  const inner = value[key];
  return isObject(inner) ? inner : {};
}

function isObject(value: Json | undefined): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
