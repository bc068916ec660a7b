import { z } from 'zod';
import type { WatchPolicy } from '../core/watch.ts';
import { daysMs, daysSchema } from './days.ts';
import { percentSchema, shareOf } from './percent.ts';

export const watchSchema = z
  .strictObject({
    max_loss: percentSchema
      .refine((text) => shareOf(text) !== 1, 'a loss of 100% is never exceeded: expected less')
      .optional()
      .describe(
        'Alarm when the share of queries that the last stage has right and the served answer wrong is above this. Default: what the certificate bounds.',
      ),
    judge: z
      .enum(['labels', 'last-stage'])
      .optional()
      .describe(
        'Whether an answer unlike the last stage’s is lost only where a label says so, or always without one. Default: labels.',
      ),
    label_wait: daysSchema.optional().describe('How long an audit waits for a label. Default: not at all.'),
    on_suspect: z
      .enum(['keep', 'baseline', 'stop'])
      .optional()
      .describe('After an alarm: go on, serve the baseline alone, or refuse new queries. Default: keep.'),
    certificate_max_age: daysSchema.optional().describe('A certificate expires after this. Default: never.'),
  })
  .describe('When an alarm is raised, and what it does. It needs audit.');

/** As a policy pins it. */
export function watchOf(raw: z.infer<typeof watchSchema>): WatchPolicy {
  return {
    maxLoss: raw.max_loss === undefined ? null : shareOf(raw.max_loss),
    judge: raw.judge ?? 'labels',
    labelWaitMs: raw.label_wait === undefined ? 0 : daysMs(raw.label_wait),
    onSuspect: raw.on_suspect ?? 'keep',
    certificateMaxAgeMs: raw.certificate_max_age === undefined ? null : daysMs(raw.certificate_max_age),
  };
}
