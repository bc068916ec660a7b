import { z } from 'zod';
import { liftSingle } from './lift.ts';
import { defineScorer } from './scorer.ts';

export const logprob = defineScorer({
  name: 'logprob',
  summary: 'The model’s own probability of its tokens: their geometric mean, or the least likely one.',
  options: z.strictObject({
    statistic: z
      .enum(['mean', 'min'])
      .default('mean')
      .describe('mean: exp of the mean log probability. min: the probability of the least likely token.'),
  }),
  remote: false,
  create: ({ statistic }) =>
    liftSingle((_query, { logprobs, model }) => {
      if (logprobs === null || logprobs.length === 0) {
        throw new Error(
          `the response of ${model} has no log probabilities, which the scorer "logprob" is made of: set ` +
            '"logprobs: true" in the task’s parameters, or take another scorer if its provider does not send them',
        );
      }
      let sum = 0;
      let least = 0;
      for (const value of logprobs) {
        sum += value;
        least = Math.min(least, value);
      }
      // A provider's rounding can put a log probability slightly above 0.
      return Math.min(1, Math.exp(statistic === 'min' ? least : sum / logprobs.length));
    }),
});
