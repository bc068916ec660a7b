import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NO_USAGE, usageProblem } from '../core/usage.ts';
import { hasUsage, readUsage } from './usage.ts';

describe('usage as the vendors send it', () => {
  const golden: [string, Record<string, unknown>, Partial<typeof NO_USAGE>][] = [
    [
      'OpenAI, with a cached prompt, reasoning and audio',
      {
        prompt_tokens: 1486,
        completion_tokens: 651,
        total_tokens: 2137,
        prompt_tokens_details: { cached_tokens: 1408, audio_tokens: 20 },
        completion_tokens_details: { reasoning_tokens: 512, audio_tokens: 3, accepted_prediction_tokens: 0 },
      },
      {
        inputTokens: 1486,
        cachedInputTokens: 1408,
        inputAudioTokens: 20,
        outputTokens: 651,
        reasoningTokens: 512,
        outputAudioTokens: 3,
      },
    ],
    [
      'DeepSeek, with hits and misses of its cache',
      {
        prompt_tokens: 100,
        completion_tokens: 30,
        total_tokens: 130,
        prompt_cache_hit_tokens: 64,
        prompt_cache_miss_tokens: 36,
      },
      { inputTokens: 100, cachedInputTokens: 64, outputTokens: 30 },
    ],
    [
      'OpenRouter, with a cost and cache writes',
      {
        completion_tokens: 2,
        completion_tokens_details: { reasoning_tokens: 0 },
        cost: 0.95,
        prompt_tokens: 194,
        prompt_tokens_details: { cached_tokens: 20, cache_write_tokens: 100, audio_tokens: 0 },
        total_tokens: 196,
      },
      { inputTokens: 194, cachedInputTokens: 20, cacheWriteTokens: 100, outputTokens: 2 },
    ],
    [
      'Gemini’s compatible endpoint, which leaves thinking out of the completion',
      { completion_tokens: 102, prompt_tokens: 758, total_tokens: 1725 },
      { inputTokens: 758, outputTokens: 967, reasoningTokens: 865 },
    ],
    [
      'xAI, which counts reasoning beside the completion',
      {
        prompt_tokens: 32,
        completion_tokens: 9,
        total_tokens: 135,
        prompt_tokens_details: { text_tokens: 32, cached_tokens: 6 },
        completion_tokens_details: { reasoning_tokens: 94 },
      },
      { inputTokens: 32, cachedInputTokens: 6, outputTokens: 103, reasoningTokens: 94 },
    ],
    [
      'Anthropic’s own form, whose input leaves the cache out',
      {
        input_tokens: 50,
        cache_creation_input_tokens: 248,
        cache_read_input_tokens: 1800,
        output_tokens: 503,
        output_tokens_details: { thinking_tokens: 400 },
      },
      {
        inputTokens: 2098,
        cachedInputTokens: 1800,
        cacheWriteTokens: 248,
        outputTokens: 503,
        reasoningTokens: 400,
      },
    ],
    [
      'Anthropic’s compatible endpoint',
      { prompt_tokens: 14, completion_tokens: 8, total_tokens: 22 },
      { inputTokens: 14, outputTokens: 8 },
    ],
    [
      'LiteLLM in front of Anthropic',
      {
        prompt_tokens: 2098,
        completion_tokens: 503,
        total_tokens: 2601,
        prompt_tokens_details: { audio_tokens: null, cached_tokens: 1800, cache_creation_tokens: 248 },
        cache_creation_input_tokens: 248,
        cache_read_input_tokens: 1800,
      },
      { inputTokens: 2098, cachedInputTokens: 1800, cacheWriteTokens: 248, outputTokens: 503 },
    ],
    [
      'Mistral',
      { prompt_tokens: 9, completion_tokens: 20, total_tokens: 29, prompt_audio_seconds: {} },
      { inputTokens: 9, outputTokens: 20 },
    ],
    [
      'vLLM, with null details',
      { prompt_tokens: 9, total_tokens: 29, completion_tokens: 20, prompt_tokens_details: null },
      { inputTokens: 9, outputTokens: 20 },
    ],
    ['an embedding', { prompt_tokens: 5, total_tokens: 5 }, { inputTokens: 5 }],
    [
      'OpenAI’s Responses, whose input holds the cache',
      { input_tokens: 36, input_tokens_details: { cached_tokens: 30 }, output_tokens: 87, total_tokens: 123 },
      { inputTokens: 36, cachedInputTokens: 30, outputTokens: 87 },
    ],
  ];
  test.each(golden)('%s', (_vendor, usage, expected) => {
    expect(readUsage({ id: 'x', usage })).toEqual({ ...NO_USAGE, ...expected });
  });

  test('Groq, in the last chunk of a stream', () => {
    const usage = { queue_time: 0.02, prompt_tokens: 18, completion_tokens: 556, total_tokens: 574 };
    const chunk = { id: 'x', choices: [], x_groq: { id: 'req_1', usage } };
    expect(readUsage(chunk)).toEqual({ ...NO_USAGE, inputTokens: 18, outputTokens: 556 });
  });
});

describe('no usage', () => {
  test.each([
    [
      'more cached than there was',
      { prompt_tokens: 5, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 6 } },
    ],
    ['a negative count', { prompt_tokens: -5, completion_tokens: 1 }],
    ['half a token', { prompt_tokens: 5.5, completion_tokens: 1 }],
    [
      'more reasoning than output',
      { prompt_tokens: 5, completion_tokens: 1, completion_tokens_details: { reasoning_tokens: 9 } },
    ],
    ['counts as text', { prompt_tokens: '5', completion_tokens: '1' }],
    ['nothing', {}],
  ])('is read from %s', (_what, usage) => {
    expect(hasUsage({ usage })).toBe(true);
    expect(readUsage({ usage })).toBeNull();
  });

  test('is in a chunk that says null', () => {
    expect(hasUsage({ usage: null })).toBe(false);
    expect(readUsage({ usage: null })).toBeNull();
    expect(readUsage('text')).toBeNull();
  });
});

test('whatever is sent, what is read is possible', () => {
  const count = fc.oneof(fc.nat(50), fc.integer(), fc.constant(null), fc.double());
  const record = fc.dictionary(
    fc.constantFrom(
      'prompt_tokens',
      'completion_tokens',
      'total_tokens',
      'input_tokens',
      'output_tokens',
      'cache_read_input_tokens',
    ),
    count,
  );
  fc.assert(
    fc.property(record, (usage) => {
      const read = readUsage({ usage });
      expect(read === null ? null : usageProblem(read)).toBeNull();
    }),
  );
});
