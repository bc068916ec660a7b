import type { JsonObject } from './policy.ts';

/** The lowest limit on output tokens that applies to a request; null where there is none. */
export function outputTokenBound(
  model: { readonly maxOutputTokens: number | null },
  parameters: JsonObject,
): number | null {
  const limits = [
    parameters['max_completion_tokens'],
    parameters['max_tokens'],
    model.maxOutputTokens,
  ].filter((limit): limit is number => typeof limit === 'number');
  return limits.length === 0 ? null : Math.min(...limits);
}
