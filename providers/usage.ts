import { usageProblem, type Usage } from '../core/usage.ts';
import { fieldsIn, isFields, type Fields } from './json.ts';

/** Whether a body, or a chunk of a stream, says anything about usage. A later chunk's word replaces an earlier one's. */
export function hasUsage(body: unknown): boolean {
  return usageFields(body) !== null;
}

/**
 * The usage in a response's body or in a chunk of a stream, in our terms: totals that include their parts. Null where
 * there is none, or an impossible one.
 */
export function readUsage(body: unknown): Usage | null {
  const fields = usageFields(body);
  if (fields === null) return null;
  const usage =
    typeof fields['prompt_tokens'] === 'number'
      ? fromChat(fields)
      : typeof fields['input_tokens'] === 'number'
        ? fromMessages(fields)
        : null;
  return usage === null || usageProblem(usage) !== null ? null : usage;
}

/** Groq's streams carry the usage in `x_groq`. */
function usageFields(body: unknown): Fields | null {
  if (!isFields(body)) return null;
  for (const usage of [body['usage'], fieldsIn(body, 'x_groq')['usage']]) {
    if (isFields(usage)) return usage;
  }
  return null;
}

/**
 * Chat completions. Where `total_tokens` exceeds prompt and completion, the vendor (Gemini, xAI) leaves its reasoning out
 * of `completion_tokens` but bills it as output: the output is then the total less the prompt.
 */
function fromChat(fields: Fields): Usage {
  const prompt = fieldsIn(fields, 'prompt_tokens_details');
  const completion = fieldsIn(fields, 'completion_tokens_details');
  const inputTokens = count(fields['prompt_tokens']);
  const completionTokens = count(fields['completion_tokens']);
  const hidden = Math.max(0, count(fields['total_tokens']) - inputTokens - completionTokens);
  const reasoning = count(completion['reasoning_tokens'], fields['reasoning_tokens']);
  return {
    inputTokens,
    cachedInputTokens: count(
      prompt['cached_tokens'],
      fields['prompt_cache_hit_tokens'], // DeepSeek
      fields['cache_read_input_tokens'], // LiteLLM, in front of Anthropic
      fields['cached_tokens'], // Moonshot, Together
    ),
    cacheWriteTokens: count(
      prompt['cache_write_tokens'], // OpenRouter
      prompt['cache_creation_tokens'], // LiteLLM
      fields['cache_creation_input_tokens'],
    ),
    inputAudioTokens: count(prompt['audio_tokens']),
    inputImageTokens: count(prompt['image_tokens']),
    outputTokens: completionTokens + hidden,
    reasoningTokens: reasoning === 0 ? hidden : reasoning,
    outputAudioTokens: count(completion['audio_tokens']),
    outputImageTokens: count(completion['image_tokens']),
  };
}

/** Anthropic's own form, whose `input_tokens` leave the cache out; without cache fields, the form of OpenAI's Responses. */
function fromMessages(fields: Fields): Usage {
  const input = fieldsIn(fields, 'input_tokens_details');
  const output = fieldsIn(fields, 'output_tokens_details');
  const read = count(fields['cache_read_input_tokens']);
  const written = count(fields['cache_creation_input_tokens']);
  return {
    inputTokens: count(fields['input_tokens']) + read + written,
    cachedInputTokens: read === 0 ? count(input['cached_tokens']) : read,
    cacheWriteTokens: written,
    inputAudioTokens: count(input['audio_tokens']),
    inputImageTokens: count(input['image_tokens']),
    outputTokens: count(fields['output_tokens']),
    reasoningTokens: count(output['reasoning_tokens'], output['thinking_tokens']),
    outputAudioTokens: count(output['audio_tokens']),
    outputImageTokens: count(output['image_tokens']),
  };
}

/** The first value that is a number; vendors leave out, or send null for, what they do not count. */
function count(...values: readonly unknown[]): number {
  for (const value of values) if (typeof value === 'number') return value;
  return 0;
}
