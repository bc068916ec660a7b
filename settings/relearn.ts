import { z } from 'zod';
import { BY_HAND, type Relearning } from '../core/relearning.ts';
import { daysMs, daysSchema } from './days.ts';
import { percentSchema, shareOf } from './percent.ts';

const COST_EXPECTED = 'expected a share of the best single model’s cost in percent, such as "20%"';
const costShare = z
  .string(COST_EXPECTED)
  .regex(/^\d+(\.\d+)?%$/, COST_EXPECTED)
  .refine((text) => shareOf(text) !== 0, COST_EXPECTED)
  .meta({ examples: ['20%'] });

const goalSchema = z.union(
  [
    z.strictObject({
      budget: costShare.describe('The most accurate policy at this share of the best single model’s cost.'),
    }),
    z.strictObject({
      target_accuracy: z
        .union([z.literal('best'), percentSchema])
        .describe(
          'The cheapest policy that is as accurate: as the best single model, or as this share of right answers.',
        ),
    }),
  ],
  'expected { budget: 20% } or { target_accuracy: best }',
);

export const relearnSchema = z
  .strictObject({
    every: daysSchema.optional().describe('From one run to the next. Default: 7d.'),
    goal: goalSchema
      .optional()
      .describe('What is learned for. Default: the cheapest that is as accurate as the best single model.'),
    judge: z
      .enum(['labels', 'last-stage'])
      .optional()
      .describe(
        'Which audits count: those with a label, or all, with the last stage’s answer in the place of missing labels. Default: labels.',
      ),
    max_loss: percentSchema
      .refine((text) => shareOf(text) !== 1, 'a loss of 100% is never exceeded: expected less')
      .optional()
      .describe('Accuracy that a proposal may give away against what serves. Default: 1%.'),
    window: daysSchema.optional().describe('How far back audits count. Default: 90d.'),
    promote: z
      .union(
        [
          z.literal('propose'),
          z.strictObject({
            canary: percentSchema
              .refine(
                (text) => shareOf(text) !== 1,
                'a canary of 100% leaves nothing beside it: expected less',
              )
              .describe('Of new queries.'),
          }),
        ],
        'expected propose, or { canary: 10% }',
      )
      .optional()
      .describe(
        'What is done with a policy that holds: it is proposed to a person, or takes a share of new queries as a canary. Default: propose.',
      ),
  })
  .describe('Learn the policy anew from audits, on a schedule. It needs audit. Default: never.');

/** As a worker runs it. */
export function relearningOf(raw: z.infer<typeof relearnSchema>): Relearning {
  const { every = '7d', goal, judge, max_loss: maxLoss, window, promote = 'propose' } = raw;
  return {
    everyMs: daysMs(every),
    goal: goal === undefined ? BY_HAND.goal : goalOf(goal),
    judge: judge ?? BY_HAND.judge,
    maxLoss: maxLoss === undefined ? BY_HAND.maxLoss : shareOf(maxLoss),
    windowMs: window === undefined ? BY_HAND.windowMs : daysMs(window),
    canaryShare: promote === 'propose' ? null : shareOf(promote.canary),
  };
}

function goalOf(goal: z.infer<typeof goalSchema>): Relearning['goal'] {
  if ('budget' in goal) return { type: 'budget', share: shareOf(goal.budget) };
  const { target_accuracy: target } = goal;
  return { type: 'accuracy', target: target === 'best' ? 'best' : shareOf(target) };
}
