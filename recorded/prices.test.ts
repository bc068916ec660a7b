import { expect, it } from 'vitest';
import { recordedPrices } from './prices.ts';

it('prices a recorded model by one row with a stable id', () => {
  const model = { provider: 'p', input_usd_per_mtok: 0.075, output_usd_per_mtok: 1e-7, source: 'a list' };
  const [price] = recordedPrices(model);
  expect(price).toEqual({
    id: '5f4d43a6e5041744',
    source: 'models.json a list',
    from: null,
    daily: null,
    rates: { input: '0.075', output: '0.0000001' },
  });
  expect(recordedPrices({ ...model, tokenizer: 'none of the price' })[0].id).toBe(price.id);
  const cached = recordedPrices({ ...model, cached_input_usd_per_mtok: 0.01 })[0];
  expect(cached.rates.cachedInput).toBe('0.01');
  expect(cached.id).not.toBe(price.id);
});
