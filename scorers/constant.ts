import { z } from 'zod';
import { liftSingle } from './lift.ts';
import { defineScorer } from './scorer.ts';

export const constant = defineScorer({
  name: 'constant',
  summary: 'The same confidence for every answer: 0 climbs to the last stage, 1 stops at the first answer.',
  options: z.strictObject({
    confidence: z.number().min(0).max(1).default(0).describe('P(answer is right) of every answer.'),
  }),
  remote: false,
  create: ({ confidence }) => liftSingle(() => confidence),
});
