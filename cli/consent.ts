import { createInterface } from 'node:readline/promises';
import { formatUsd } from '../core/money.ts';
import type { JsonObject } from '../core/policy.ts';
import { worstCase, type Price } from '../core/price.ts';
import { displaySpend, type Spend } from '../core/spend.ts';
import { inputTokenBound } from '../providers/token-bound.ts';
import type { Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';

/** A token is about four bytes of English: an estimate for a question, never for a bill. */
const BYTES_PER_TOKEN = 4;

/** What a request will cost: from about its input alone, to a response as long as its limit. */
export function costAhead(
  messages: readonly JsonObject[],
  parameters: JsonObject,
  maxOutputTokens: number | null,
  prices: readonly Price[] | null,
): Spend {
  const bound = inputTokenBound(messages, parameters);
  const low = worstCase(prices, bound === null ? null : Math.round(bound / BYTES_PER_TOKEN), 0);
  return { low: low ?? 0n, high: worstCase(prices, bound, maxOutputTokens) };
}

/**
 * Says what calls will cost, and asks whether to go ahead.
 * @throws {CliError} where nobody agrees: nothing has been spent.
 */
export async function requireConsent(
  context: Context,
  options: { readonly yes: boolean },
  cost: Spend,
  calls: number,
): Promise<void> {
  const most =
    cost.high === null
      ? 'with no upper limit (a model has no price or no max_output_tokens)'
      : `at most $${formatUsd(cost.high)}`;
  const message = `${calls} calls, from about ${displaySpend({ low: cost.low, high: cost.low })} for the input alone, ${most}.`;
  context.say(message);
  if (options.yes) return;
  if (!context.interactive)
    throw new CliError(`${message} Nothing was spent: add --yes to go ahead`, EXIT.usage);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const reply = await prompt.question('Go ahead? [y/N] ', { signal: context.signal });
    if (!/^y(es)?$/i.test(reply.trim())) throw new CliError('Nothing was spent.', EXIT.interrupted);
  } finally {
    prompt.close();
  }
}
