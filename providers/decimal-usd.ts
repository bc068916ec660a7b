import { numberToDecimal, type DecimalUsd } from '../core/money.ts';

/** Finer digits than a picodollar's are a float's noise, or a third written out (`0.08333333333333334`). */
const DECIMALS = 12;

/**
 * A vendor's number of dollars as a decimal string that the ledger can hold: exact where the number has at most 12
 * decimals, else rounded to 12.
 * @throws {RangeError} when it is not finite.
 */
export function decimalUsd(value: number): DecimalUsd {
  const exact = numberToDecimal(value);
  const decimals = exact.split('.')[1]?.length ?? 0;
  return decimals <= DECIMALS ? exact : value.toFixed(DECIMALS).replace(/\.?0+$/, '');
}
