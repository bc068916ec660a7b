import { OUTPUT_LIMITS } from './parameters.ts';
import type { JsonObject } from './policy.ts';

/**
 * The most output tokens that a request may have; null where nothing limits them. Of two limits in the parameters vendors heed one
 * or the other, so it is the higher one.
 */
export function outputTokenBound(
  model: { readonly maxOutputTokens: number | null },
  parameters: JsonObject,
): number | null {
  const asked = OUTPUT_LIMITS.flatMap((name) => {
    const limit = parameters[name];
    return typeof limit === 'number' ? [limit] : [];
  });
  if (asked.length === 0) return model.maxOutputTokens;
  return Math.min(Math.max(...asked), model.maxOutputTokens ?? Infinity);
}
