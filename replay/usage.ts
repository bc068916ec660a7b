import { NO_USAGE, type Usage } from '../core/usage.ts';

/** Tokens of a request as the meter shows them. The input is a total that includes the cached part. */
export interface MeteredUsage {
  readonly input_tokens: number;
  readonly cached_tokens: number;
  readonly output_tokens: number;
}

export const NOTHING_METERED: MeteredUsage = { input_tokens: 0, cached_tokens: 0, output_tokens: 0 };

/** In the terms that costs are calculated in. */
export function toUsage(metered: MeteredUsage): Usage {
  return {
    ...NO_USAGE,
    inputTokens: metered.input_tokens,
    cachedInputTokens: metered.cached_tokens,
    outputTokens: metered.output_tokens,
  };
}

/** In OpenAI's form. */
export function toOpenAiUsage({ input_tokens, cached_tokens, output_tokens }: MeteredUsage): object {
  return {
    prompt_tokens: input_tokens,
    completion_tokens: output_tokens,
    total_tokens: input_tokens + output_tokens,
    ...(cached_tokens > 0 && { prompt_tokens_details: { cached_tokens } }),
  };
}

/** A lie that still is a possible usage: every count times the factor, and never the truth. */
export function misreported(truth: MeteredUsage, factor: number): MeteredUsage {
  const input_tokens = Math.round(truth.input_tokens * factor);
  const output_tokens = Math.round(truth.output_tokens * factor);
  const same = input_tokens === truth.input_tokens && output_tokens === truth.output_tokens;
  return {
    input_tokens,
    cached_tokens: Math.min(input_tokens, Math.round(truth.cached_tokens * factor)),
    output_tokens: same ? output_tokens + 1 : output_tokens,
  };
}
