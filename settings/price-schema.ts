import { z } from 'zod';

/** How a price is written in `escalier.yaml`. */

const USD = 'expected dollars from 0 to a million, such as 0.25 or "0.000004"';
// The message stands at the members too: of a union where one member's type fits, only its issues are told.
export const usd = z.union(
  [z.number().min(0, USD).max(1_000_000, USD), z.string().regex(/^(\d{1,6}(\.\d{1,12})?|1000000)$/, USD)],
  USD,
);

const rates = {
  input_usd_per_mtok: usd,
  output_usd_per_mtok: usd,
  cached_input_usd_per_mtok: usd.optional(),
  cache_write_usd_per_mtok: usd.optional(),
  input_audio_usd_per_mtok: usd.optional(),
  output_audio_usd_per_mtok: usd.optional(),
  input_image_usd_per_mtok: usd.optional(),
  output_image_usd_per_mtok: usd.optional(),
  reasoning_usd_per_mtok: usd.optional(),
};

const tier = z
  .strictObject({
    above_input_tokens: z.int().positive().describe('For requests with more input tokens than this.'),
    ...rates,
    input_usd_per_mtok: usd.optional(),
    output_usd_per_mtok: usd.optional(),
  })
  .describe('Rates of long requests, for all their tokens. A rate not named stays as below.');

const tiered = {
  ...rates,
  usd_per_thousand_requests: usd.optional(),
  tiers: z.array(tier).min(1, 'expected at least one tier').optional().describe('Prices of long contexts.'),
};

const DATE = 'expected a date or an instant in UTC, such as 2026-11-01 or "2026-11-01T12:00:00Z"';
const date = z
  .string(DATE)
  .regex(/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/, DATE)
  // `Date` takes 30 February for 2 March.
  .refine((text) => isDate(text), DATE);

function isDate(text: string): boolean {
  const at = new Date(text);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text.slice(0, 10));
}

const serviceTier = z
  .string()
  .regex(
    /^(?!(auto|default|standard|standard_only|on_demand)$)[\w-]{1,40}$/,
    'expected the name of a tier such as flex, batch or priority; the default tier is the price itself',
  );

type Rates = Readonly<Record<string, unknown>>;

/** A tier's rate for a part that the price leaves to its total would have nothing to be the step of. */
function unfoundedTiers({ tiers, ...own }: Rates & { tiers?: readonly Rates[] | undefined }): string[] {
  const fields = (tiers ?? []).flatMap((one) => Object.keys(one));
  return [...new Set(fields)].filter((field) => field !== 'above_input_tokens' && own[field] === undefined);
}

function checkTiers(value: Rates & { tiers?: readonly Rates[] | undefined }, context: z.RefinementCtx): void {
  for (const field of unfoundedTiers(value)) {
    context.addIssue({
      code: 'custom',
      path: ['tiers'],
      message: `${field} is in a tier alone: set it on the price too, for requests below the tier`,
    });
  }
}

const price = z
  .strictObject({
    ...tiered,
    from: date.optional().describe('Holds from this date or instant (UTC). Default: always.'),
    until: date
      .optional()
      .describe('Holds until this date or instant (UTC), exclusive. Default: without end.'),
    service_tiers: z
      .record(serviceTier, z.strictObject(tiered).superRefine(checkTiers))
      .optional()
      .describe('What the vendor’s other tiers cost, such as flex, batch or priority.'),
  })
  .superRefine(checkTiers)
  .refine(
    ({ from, until }) => from === undefined || until === undefined || new Date(from) < new Date(until),
    { path: ['until'], message: 'is not after from: expected a later date, from is the first instant of it' },
  );

export const priceSchema = z.union(
  [z.literal('unknown'), price, z.array(price).min(1, 'expected at least one price')],
  'expected unknown, or input_usd_per_mtok and output_usd_per_mtok, or a list of such prices with from and until',
);
