import type { Json, JsonObject } from '../core/policy.ts';
import { fieldsIn, firstText } from './json.ts';

/** Parameters by which a server may shorten the prompt, or replace it, before the model reads it. */
const SHORTENING_PARAMETERS = ['transforms', 'plugins', 'truncation', 'truncate_prompt_tokens'];

/**
 * A lower bound on the tokens of a text, certain for any common tokenizer: half its words, a word being what stands
 * between white space and holds a letter or a digit. Tokenizers split text at white space before they merge anything
 * (byte-pair encodings as of GPT, Llama, Qwen; unigram as of Gemini), so that no token holds two words; the half leaves room for a
 * vocabulary that has joined frequent pairs all the same.
 */
export function textTokenFloor(text: string): number {
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  return Math.floor(words.length / 2);
}

/** A lower bound on a request's input tokens: those of its messages' texts. 0 where a server was told to shorten it. */
export function inputTokenFloor(messages: readonly JsonObject[], parameters: JsonObject): number {
  if (SHORTENING_PARAMETERS.some((name) => parameters[name] !== undefined)) return 0;
  return messages.reduce((sum, message) => sum + textTokenFloor(textOf(message['content'])), 0);
}

function textOf(content: Json | undefined): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return (content as readonly Json[])
    .map((part) => firstText(fieldsIn({ part }, 'part')['text']) ?? '')
    .join(' ');
}
