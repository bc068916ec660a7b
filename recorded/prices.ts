import { numberToDecimal } from '../core/money.ts';
import type { Price } from '../core/price.ts';
import { priceRow } from '../core/price-row.ts';
import type { RecordedModel } from './format.ts';

/** The price book of a recorded model: one row, which holds always. Its id is made as the catalogue's rows make theirs. */
export function recordedPrices(model: RecordedModel): [Price] {
  const row: Omit<Price, 'id'> = {
    source: `models.json ${model.source ?? ''}`.trim(),
    from: null,
    daily: null,
    rates: {
      input: numberToDecimal(model.input_usd_per_mtok),
      output: numberToDecimal(model.output_usd_per_mtok),
      ...(model.cached_input_usd_per_mtok !== undefined && {
        cachedInput: numberToDecimal(model.cached_input_usd_per_mtok),
      }),
    },
  };
  return [priceRow(row)];
}
