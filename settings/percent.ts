import { z } from 'zod';

export const PERCENT_EXPECTED =
  'expected a share of queries in percent such as "1%" or "0.5%", above 0% and at most 100%';

/** `1%` as 0.01; NaN where the text is no percentage. */
export function shareOf(text: string): number {
  const digits = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1];
  // Read with its exponent, so that 0.1% is 0.001 and not the product of two doubles.
  return Number(digits === undefined ? Number.NaN : `${digits}e-2`);
}

/** With its sign: a bare `1` could be read as one percent or as all. */
export const percentSchema = z
  .string(PERCENT_EXPECTED)
  .regex(/^\d+(\.\d+)?%$/, PERCENT_EXPECTED)
  .refine((text) => {
    const share = shareOf(text);
    return Number.isNaN(share) || (share > 0 && share <= 1);
  }, PERCENT_EXPECTED)
  .meta({ examples: ['1%', '5%'] });
