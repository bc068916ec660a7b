import { NO_USAGE, type Usage } from '../core/usage.ts';
import type { RecordedResponse } from './format.ts';

/** What a recorded response used: a set holds input, cached and output tokens, and no other kind. */
export function recordedUsage(response: RecordedResponse): Usage {
  return {
    ...NO_USAGE,
    inputTokens: response.input_tokens,
    outputTokens: response.output_tokens,
    cachedInputTokens: response.cached_tokens ?? 0,
  };
}
