import { NO_USAGE, type Usage } from '../core/usage.ts';
import type { RecordedResponse } from './format.ts';

/** What a recorded request used: a set holds input, cached and output tokens, and no other kind. */
export function recordedUsage(
  response: Pick<RecordedResponse, 'input_tokens' | 'cached_tokens'> & { readonly output_tokens?: number },
): Usage {
  return {
    ...NO_USAGE,
    inputTokens: response.input_tokens,
    outputTokens: response.output_tokens ?? 0,
    cachedInputTokens: response.cached_tokens ?? 0,
  };
}
