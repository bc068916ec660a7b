/**
 * Tokens of one attempt by kind. `inputTokens` and `outputTokens` are totals that include their parts: cached and
 * cache-write tokens are input tokens, reasoning tokens are output tokens, audio and image tokens are one or the other. Counting a
 * part beside its total would bill it twice.
 */
export interface Usage {
  /** All input tokens, cached and written to the cache included. */
  readonly inputTokens: number;
  /** The part of the input that was read from the vendor's prompt cache. */
  readonly cachedInputTokens: number;
  /** The part of the input that was written to the vendor's prompt cache. */
  readonly cacheWriteTokens: number;
  /** The part of the input that was audio. */
  readonly inputAudioTokens: number;
  /** The part of the input that was images. */
  readonly inputImageTokens: number;
  /** All output tokens, hidden reasoning included. */
  readonly outputTokens: number;
  /** The part of the output that was reasoning. */
  readonly reasoningTokens: number;
  /** The part of the output that was audio. */
  readonly outputAudioTokens: number;
  /** The part of the output that was images. */
  readonly outputImageTokens: number;
}

export const NO_USAGE: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  inputAudioTokens: 0,
  inputImageTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  outputAudioTokens: 0,
  outputImageTokens: 0,
};

/**
 * What is wrong with a usage, or null: every count is a whole number of tokens, and no part is larger than its total.
 * A vendor's impossible usage is kept out of the arithmetic rather than priced.
 */
export function usageProblem(usage: Usage): string | null {
  for (const [kind, count] of Object.entries(usage)) {
    if (!Number.isSafeInteger(count) || count < 0) return `${kind} is ${count}`;
  }
  if (usage.cachedInputTokens + usage.cacheWriteTokens > usage.inputTokens) {
    return `cached (${usage.cachedInputTokens}) and cache-write (${usage.cacheWriteTokens}) tokens exceed the input (${usage.inputTokens})`;
  }
  if (usage.inputAudioTokens > usage.inputTokens) return 'audio tokens exceed the input';
  if (usage.inputAudioTokens + usage.inputImageTokens > usage.inputTokens) {
    return `audio (${usage.inputAudioTokens}) and image (${usage.inputImageTokens}) tokens exceed the input (${usage.inputTokens})`;
  }
  if (usage.reasoningTokens > usage.outputTokens) {
    return `reasoning tokens (${usage.reasoningTokens}) exceed the output (${usage.outputTokens})`;
  }
  if (usage.outputAudioTokens > usage.outputTokens) return 'audio tokens exceed the output';
  if (usage.outputAudioTokens + usage.outputImageTokens > usage.outputTokens) {
    return `audio (${usage.outputAudioTokens}) and image (${usage.outputImageTokens}) tokens exceed the output (${usage.outputTokens})`;
  }
  return null;
}
