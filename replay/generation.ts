import type { MeterEntry } from './meter.ts';

/** What a request was billed, in the form of OpenRouter's `GET /api/v1/generation`: the fields that tell cost and tokens. */
export function generationOf(entry: MeterEntry): { readonly data: object } {
  const { input_tokens, cached_tokens, output_tokens } = entry.billed_usage;
  return {
    data: {
      id: entry.response_id,
      model: entry.model,
      total_cost: Number(entry.billed_usd),
      is_byok: false,
      upstream_inference_cost: null,
      cancelled: entry.aborted_by_client,
      native_tokens_prompt: input_tokens,
      native_tokens_cached: cached_tokens,
      native_tokens_completion: output_tokens,
      native_tokens_reasoning: 0,
    },
  };
}
