import { z } from 'zod';
import type { AuditPolicy } from '../core/audit.ts';
import { PERCENT_EXPECTED, percentSchema, shareOf } from './percent.ts';
import type { Path, Problem } from './problems.ts';

const sliceSchema = z
  .string()
  .regex(/^[^=]+=[^]+$/, 'expected a tag and its value, such as "topic=billing"')
  .meta({ examples: ['topic=billing'] });

export const auditSchema = z
  .union(
    [
      percentSchema,
      z.strictObject({
        share: percentSchema.describe('Of all queries.'),
        slices: z
          .record(sliceSchema, percentSchema)
          .describe(
            'Of queries with this tag, as tag=value; of those with several the greatest share counts.',
          ),
      }),
    ],
    `${PERCENT_EXPECTED}, or share and slices`,
  )
  .describe(
    'The share of queries whose other stages are called after the answer, to hold it against the last stage. Default: none.',
  );

/** As a policy pins it. */
export function auditOf(raw: z.infer<typeof auditSchema>): AuditPolicy {
  if (typeof raw === 'string') return { share: shareOf(raw) };
  const slices = Object.entries(raw.slices).map(([slice, share]) => [slice, shareOf(share)] as const);
  return { share: shareOf(raw.share), slices: Object.fromEntries(slices) };
}

/** A slice's share that is not above that of all queries would change nothing. */
export function auditProblems(raw: z.infer<typeof auditSchema>, path: Path): Problem[] {
  if (typeof raw === 'string') return [];
  return Object.entries(raw.slices)
    .filter(([, own]) => shareOf(own) <= shareOf(raw.share))
    .map(([slice]) => ({
      path: [...path, 'slices', slice],
      message: `changes nothing: expected more than ${raw.share}, the share of all queries`,
    }));
}
