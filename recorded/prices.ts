import { canonicalJson } from '../core/canonical-json.ts';
import { numberToDecimal } from '../core/money.ts';
import type { Price } from '../core/price.ts';
import { sha256 } from '../core/request-hash.ts';
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
  return [{ id: sha256(canonicalJson(row)).slice(0, 16), ...row }];
}
