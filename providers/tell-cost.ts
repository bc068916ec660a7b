import { NotFoundError, type OpenAI } from 'openai';
import { numberToDecimal } from '../core/money.ts';
import { NO_USAGE, usageProblem, type Usage } from '../core/usage.ts';
import { fieldsIn, type Fields } from './json.ts';
import type { ProviderConfig } from './openai-client.ts';
import type { ToldCost } from './provider.ts';
import { redact, secretsOf } from './redact.ts';
import { isCost } from './reported-cost.ts';

/** Milliseconds; an answer that takes longer is asked for again by the next look. */
const TIMEOUT_MS = 10_000;

/**
 * OpenRouter's record of a generation (https://openrouter.ai/docs/api/api-reference/generations/get-generation): what it
 * charged, also for a stream that was cut or cancelled. It answers 404 until the record is written, some seconds after the
 * response. Where the account brings its own key, the upstream vendor's charge is added to the fee, as in
 * {@link readReportedCost}.
 */
export async function tellCost(
  client: OpenAI,
  config: ProviderConfig,
  responseId: string,
  signal: AbortSignal,
): Promise<ToldCost | null> {
  let body: unknown;
  try {
    body = await client.get('/generation', { query: { id: responseId }, signal, timeout: TIMEOUT_MS });
  } catch (error) {
    if (error instanceof NotFoundError) return null;
    const words = redact(error instanceof Error ? error.message : String(error), secretsOf(config));
    throw new Error(`${config.name} did not tell what response ${responseId} cost: ${words}`);
  }
  const data = fieldsIn(body, 'data');
  const fee = data['total_cost'];
  if (!isCost(fee)) return null;
  const upstream = data['upstream_inference_cost'];
  const cost = data['is_byok'] === true && isCost(upstream) ? fee + upstream : fee;
  return { costUsd: numberToDecimal(cost), usage: usageOf(data) };
}

/** In the model's own tokens, which are what is billed; `tokens_prompt` and `tokens_completion` are of another tokenizer. */
function usageOf(data: Fields): Usage | null {
  const input = data['native_tokens_prompt'];
  const output = data['native_tokens_completion'];
  if (typeof input !== 'number' || typeof output !== 'number') return null;
  const part = (value: unknown): number => (typeof value === 'number' ? value : 0);
  const usage: Usage = {
    ...NO_USAGE,
    inputTokens: input,
    cachedInputTokens: part(data['native_tokens_cached']),
    outputTokens: output,
    reasoningTokens: part(data['native_tokens_reasoning']),
  };
  return usageProblem(usage) === null ? usage : null;
}
