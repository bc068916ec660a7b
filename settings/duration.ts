import { z } from 'zod';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Node's timers hold 24.8 days and fire at once beyond that; no request is worth a day. */
const LONGEST_MS = 24 * 3_600_000;

/** `30s` in milliseconds; NaN where the text is no duration. */
export function durationMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  return Math.round(Number(count) * (UNITS[unit] ?? Number.NaN));
}

const EXPECTED = 'expected a duration such as "500ms", "30s" or "2m", from 1ms to 24h';

export const durationSchema = z
  .string(EXPECTED)
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, EXPECTED)
  .refine((text) => {
    const ms = durationMs(text);
    return Number.isNaN(ms) || (ms >= 1 && ms <= LONGEST_MS);
  }, EXPECTED)
  .meta({ examples: ['30s', '2m'] });
