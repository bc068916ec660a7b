import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayUsd, formatUsd, numberToDecimal, parseUsd } from './money.ts';

describe('money', () => {
  it('parses and formats exactly', () => {
    expect(parseUsd('0.00042')).toBe(420_000_000n);
    expect(parseUsd('12')).toBe(12_000_000_000_000n);
    expect(parseUsd('-0.5')).toBe(-500_000_000_000n);
    expect(parseUsd('0.0000000000010000')).toBe(1n);
    expect(formatUsd(420_000_000n)).toBe('0.00042');
    expect(formatUsd(-1n)).toBe('-0.000000000001');
    expect(formatUsd(0n)).toBe('0');
  });

  it.each(['', '1e-6', '.5', '1.', '$1', '1,000', '0x1', 'NaN'])('refuses %j', (text) => {
    expect(() => parseUsd(text)).toThrow(/is not a decimal amount/);
  });

  it('refuses what is finer than a picodollar instead of rounding it', () => {
    expect(() => parseUsd('0.0000000000001')).toThrow(/finer than 10\^-12/);
  });

  it('round-trips every amount', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 24n), 10n ** 24n), (amount) => {
        expect(parseUsd(formatUsd(amount))).toBe(amount);
        expect(formatUsd(amount)).not.toMatch(/\.\d*0$|\.$|e/);
      }),
    );
  });

  it('reads a vendor’s number as the decimal that was meant', () => {
    expect(numberToDecimal(0.1)).toBe('0.1');
    expect(numberToDecimal(1e-7)).toBe('0.0000001');
    expect(numberToDecimal(-0)).toBe('0');
    expect(numberToDecimal(-1e-20)).toBe('0');
    expect(numberToDecimal(1e21)).toBe('1000000000000000000000');
    expect(() => numberToDecimal(Number.NaN)).toThrow(RangeError);
  });

  it('rounds the noise of a floating-point sum to what the ledger keeps', () => {
    expect(numberToDecimal(0.00014150000000000002)).toBe('0.0001415');
    expect(numberToDecimal(1.23456789e-6)).toBe('0.000001234568');
  });

  it('gives an amount that can be parsed, within half a picodollar, for every finite number', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (value) => {
        const picodollars = Number(parseUsd(numberToDecimal(value)));
        expect(Math.abs(picodollars / 1e12 - value)).toBeLessThanOrEqual(0.5e-12 + Math.abs(value) * 1e-15);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(() => parseUsd(numberToDecimal(value))).not.toThrow();
      }),
    );
  });

  it('shows money to people', () => {
    expect(displayUsd(null)).toBe('unknown');
    expect(displayUsd(0n)).toBe('$0');
    expect(displayUsd(parseUsd('12.345'))).toBe('$12.35');
    expect(displayUsd(parseUsd('0.00042'))).toBe('$0.0004200');
    expect(displayUsd(-1n)).toBe('-$0.000000000001');
  });
});
