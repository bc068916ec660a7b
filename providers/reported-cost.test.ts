import { expect, test } from 'vitest';
import { readReportedCost } from './reported-cost.ts';

const header = (cost: string) => new Headers({ 'x-litellm-response-cost': cost });

test.each<[string, unknown, Headers, boolean, string | null]>([
  ['none', { usage: {} }, new Headers(), false, null],
  ['OpenRouter’s', { usage: { cost: 0.00014 } }, new Headers(), true, '0.00014'],
  ['OpenRouter’s zero for a free model', { usage: { cost: 0 } }, new Headers(), false, '0'],
  [
    'OpenRouter’s fee with the account’s own key',
    { usage: { cost: 0.001, is_byok: true, cost_details: { upstream_inference_cost: 0.019 } } },
    new Headers(),
    false,
    '0.02',
  ],
  [
    'OpenRouter’s whole, whatever it paid upstream',
    { usage: { cost: 0.95, is_byok: false, cost_details: { upstream_inference_cost: 19 } } },
    new Headers(),
    false,
    '0.95',
  ],
  [
    'a cost finer than a picodollar',
    { usage: { cost: 0.0000123456789012345 } },
    new Headers(),
    false,
    '0.000012345679',
  ],
  ['a negative one', { usage: { cost: -1 } }, new Headers(), false, null],
  ['an impossible one', { usage: { cost: 2e12 } }, new Headers(), false, null],
  ['LiteLLM’s', {}, header('1.5e-05'), false, '0.000015'],
  ['LiteLLM’s before a stream', {}, header('1.5e-05'), true, null],
  ['LiteLLM’s zero for an unknown price', {}, header('0.0'), false, null],
  ['LiteLLM’s None', {}, header('None'), false, null],
])('%s', (_what, body, headers, streamed, expected) => {
  expect(readReportedCost(body, headers, streamed)).toBe(expected);
});
