import { formatUsd } from '../core/money.ts';
import { spendToJson, type Spend } from '../core/spend.ts';

/** A replacer for `JSON.stringify`: amounts are decimal strings of dollars, spend is bounds. */
export function moneyAsText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return formatUsd(value);
  if (typeof value === 'object' && value !== null && 'low' in value && typeof value.low === 'bigint') {
    return spendToJson(value as Spend);
  }
  return value;
}
