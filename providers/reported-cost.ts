import { numberToDecimal, type DecimalUsd } from '../core/money.ts';
import { fieldsIn } from './json.ts';

/**
 * The provider's own figure for what a response cost, in dollars; null where it sends none.
 *
 * OpenRouter: `usage.cost`, to which the upstream vendor's charge is added where the account brings its own key (then
 * `cost` is OpenRouter's fee alone). LiteLLM: a header, which counts only for a response that did not stream (a stream's
 * headers leave before anything is generated) and only above zero (it sends 0 for a model that it has no price for).
 */
export function readReportedCost(body: unknown, headers: Headers, streamed: boolean): DecimalUsd | null {
  const usage = fieldsIn(body, 'usage');
  const fee = usage['cost'];
  if (isCost(fee)) {
    const upstream = fieldsIn(usage, 'cost_details')['upstream_inference_cost'];
    return numberToDecimal(usage['is_byok'] === true && isCost(upstream) ? fee + upstream : fee);
  }
  const header = headers.get('x-litellm-response-cost');
  if (header === null || streamed) return null;
  const cost = Number(header);
  return isCost(cost) && cost > 0 ? numberToDecimal(cost) : null;
}

/** No request costs as much, in dollars: a figure from here on is no cost, but a mistake. */
const IMPOSSIBLE_USD = 1e9;

/** Whether a vendor's figure can be a cost. */
export function isCost(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value < IMPOSSIBLE_USD;
}
