import type { Json, JsonObject } from '../core/policy.ts';

/**
 * Tokens that a chat template can put around one message: role, separators, line breaks. The widest that are published
 * (Llama 3: `<|start_header_id|>`, role, `<|end_header_id|>`, two line breaks, `<|eot_id|>`) come to 6; 16 leaves room
 * for templates that are not published.
 */
const FRAMING_PER_MESSAGE = 16;

/**
 * Tokens of a request whatever its messages: the reply's opening (OpenAI: 3) and a template's own system prompt where the
 * caller sends none (Qwen: about 20; Llama 3.1, with its dates: about 30).
 */
const FRAMING_PER_REQUEST = 64;

/** Tokens of a vendor's own instructions for tools. Anthropic documents up to 530 for a request with tools. */
const TOOL_INSTRUCTIONS = 1024;

/** Parameters by which a vendor puts text of unknown length before the model. */
const UNBOUNDED_PARAMETERS = new Set(['web_search_options', 'search_parameters', 'plugins', 'audio']);

/** Parts of a message's content that are text, with the field that holds it. */
const TEXT_PARTS: Readonly<Record<string, string>> = { text: 'text', refusal: 'refusal' };

/**
 * An upper bound on a request's input tokens, certain for byte-level tokenizers: no token is shorter than a byte, so text
 * has at most as many tokens as UTF-8 bytes. Everything structured (tools, a response's schema, tool calls) counts as
 * indented, ASCII-escaped JSON, the longest form in which a template can write it out.
 *
 * @returns whole tokens, or null where nothing here bounds them: an image, audio or file, a hosted tool, a web search.
 */
export function inputTokenBound(messages: readonly JsonObject[], parameters: JsonObject): number | null {
  let bound = FRAMING_PER_REQUEST;
  for (const message of messages) {
    const tokens = messageBound(message);
    if (tokens === null) return null;
    bound += tokens + FRAMING_PER_MESSAGE;
  }
  for (const [name, value] of Object.entries(parameters)) {
    if (UNBOUNDED_PARAMETERS.has(name)) return null;
    // A bare number or flag (temperature, seed, logprobs) steers the decoding and is not read by the model.
    if (value === null || typeof value === 'number' || typeof value === 'boolean') continue;
    if (name === 'tools' || name === 'functions') {
      if (Array.isArray(value) && value.some(isHostedTool)) return null;
      bound += TOOL_INSTRUCTIONS;
    }
    bound += jsonBytes(value);
  }
  return bound;
}

function messageBound(message: JsonObject): number | null {
  let bytes = 0;
  for (const [name, value] of Object.entries(message)) {
    if (name === 'audio' && value !== null) return null;
    const part =
      name === 'content' ? contentBytes(value) : typeof value === 'string' ? utf8(value) : jsonBytes(value);
    if (part === null) return null;
    bytes += part;
  }
  return bytes;
}

function contentBytes(content: Json): number | null {
  if (content === null) return 0;
  if (typeof content === 'string') return utf8(content);
  if (!Array.isArray(content)) return null;
  let bytes = 0;
  for (const part of content as readonly Json[]) {
    if (!isObject(part) || typeof part['type'] !== 'string') return null;
    const field = Object.hasOwn(TEXT_PARTS, part['type']) ? TEXT_PARTS[part['type']] : undefined;
    const text = field === undefined ? undefined : part[field];
    if (typeof text !== 'string') return null;
    // Templates may join the parts with a line break or two.
    bytes += utf8(text) + 2;
  }
  return bytes;
}

/** A tool that the vendor runs (a search, an interpreter) feeds its results to the model. */
function isHostedTool(tool: Json): boolean {
  return (
    isObject(tool) && tool['type'] !== undefined && tool['type'] !== 'function' && tool['type'] !== 'custom'
  );
}

function isObject(value: Json): value is JsonObject {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function utf8(text: string): number {
  return Buffer.byteLength(text, 'utf8');
}

function jsonBytes(value: Json): number {
  return JSON.stringify(value, null, 4).replace(/[^\n -~]/g, '\\u0000').length;
}
