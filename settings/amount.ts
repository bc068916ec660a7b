import { formatUsd, numberToDecimal, parseUsd, type DecimalUsd } from '../core/money.ts';

/** An amount of the settings, a number or decimal text, exactly as it is written. */
export function amountOf(value: number | string): DecimalUsd {
  return formatUsd(parseUsd(typeof value === 'number' ? numberToDecimal(value) : value));
}
