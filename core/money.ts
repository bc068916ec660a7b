/**
 * Money is a `bigint` of picodollars (10⁻¹² USD) in code, a decimal string of dollars in JSON, and
 * `numeric(24,12)` in SQL. Floating point never touches an amount.
 */

/** 10⁻¹² US dollars. May be negative only as a difference of two amounts. */
export type Picodollars = bigint;

/** A plain decimal number of US dollars with at most 12 decimals, e.g. `"0.00042"`. Never in exponent form. */
export type DecimalUsd = string;

const DECIMALS = 12;
const SCALE = 10n ** BigInt(DECIMALS);
const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/;

/**
 * Parses a decimal amount of dollars.
 * @throws {RangeError} when the text is no plain decimal number, or is finer than 10⁻¹² USD.
 */
export function parseUsd(text: DecimalUsd): Picodollars {
  const match = DECIMAL.exec(text.trim());
  if (!match) throw new RangeError(`"${text}" is not a decimal amount of dollars such as "0.25"`);
  const [, sign, whole = '0', fraction = ''] = match;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > DECIMALS) throw new RangeError(`"${text}" is finer than 10^-12 dollars`);
  const amount = BigInt(whole) * SCALE + BigInt(digits.padEnd(DECIMALS, '0'));
  return sign ? -amount : amount;
}

/** The shortest exact decimal string: `formatUsd(420_000_000n)` is `"0.00042"`. */
export function formatUsd(amount: Picodollars): DecimalUsd {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -DECIMALS)}${fraction ? `.${fraction}` : ''}`;
}

/**
 * A JavaScript number of dollars (as vendors and price tables publish them) as a decimal string: the shortest decimal that
 * reads back as the same number, so that `0.1` is one tenth and not its binary neighbour. Where that has more than 12
 * decimals (the noise of a vendor's own floating-point sum) it is rounded to the 12 that {@link parseUsd} takes.
 * @throws {RangeError} when it is not finite.
 */
export function numberToDecimal(value: number): DecimalUsd {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is not an amount of money`);
  const text = String(value);
  const decimals = text.split('.')[1]?.length ?? 0;
  if (!text.includes('e') && decimals <= DECIMALS) return text;
  // Exponent form appears below 10⁻⁶ and from 10²¹ up, where every number is whole.
  if (Math.abs(value) >= 1e21) return BigInt(value).toString();
  const rounded = value.toFixed(DECIMALS).replace(/\.?0+$/, '');
  return rounded === '-0' ? '0' : rounded;
}

/**
 * Dollars for people: cents where there are dollars, four significant digits below one, `unknown` for null. The digits
 * are cut down from the exact amount; use {@link formatUsd} where a figure is calculated with.
 */
export function displayUsd(amount: Picodollars | null): string {
  if (amount === null) return 'unknown';
  const magnitude = amount < 0n ? -amount : amount;
  if (magnitude === 0n) return '$0';
  const dollars = Number(magnitude) / Number(SCALE);
  const text = dollars >= 1 ? dollars.toFixed(2) : dollars.toPrecision(4);
  const plain = text.includes('e') ? Number(text).toFixed(DECIMALS).replace(/0+$/, '') : text;
  return `${amount < 0n ? '-' : ''}$${plain}`;
}
