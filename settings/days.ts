import { z } from 'zod';

const HOURS: Readonly<Record<string, number>> = { h: 1, d: 24 };
const HOUR_MS = 3_600_000;
const EXPECTED = 'expected a time such as "12h" or "90d", from 1h to 3650d';

/** `90d` in milliseconds; NaN where the text is no such time. */
export function daysMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d+)(h|d)$/.exec(text) ?? [];
  return Number(count) * (HOURS[unit] ?? Number.NaN) * HOUR_MS;
}

/** For what lasts longer than a request. */
export const daysSchema = z
  .string(EXPECTED)
  .regex(/^\d+(h|d)$/, EXPECTED)
  .refine((text) => {
    const ms = daysMs(text);
    return Number.isNaN(ms) || (ms >= HOUR_MS && ms <= 3650 * 24 * HOUR_MS);
  }, EXPECTED)
  .meta({ examples: ['12h', '90d'] });
