import { z } from 'zod';
import { defineScorer } from './scorer.ts';

/**
 * Agreement between the models, which are paid for already. With v votes among n responses a candidate's confidence is
 * v / (n + prior), where responses without an answer count in n: they are evidence that the query is hard.
 *
 * It is *not* calibrated: it orders candidates, and a threshold picks a rule. With the default prior of 1 a first answer has
 * 1/2, two of two 2/3, two of three 1/2, three of three 3/4, three of four 3/5. So a threshold above 1/2 and up to 2/3 means
 * "stop when the first two agree"; up to 1/2, "stop at the first answer"; above 2/3 and up to 3/4, "when the first three
 * agree". For a probability, learn a scorer from recorded responses.
 */
export const agreement = defineScorer({
  name: 'agreement',
  summary: 'Votes for the answer / (responses + prior). An order, not a calibrated probability.',
  options: z.strictObject({
    prior: z
      .number()
      .positive()
      .default(1)
      .describe('Imaginary responses that agree with nobody: the larger, the less a few votes say.'),
  }),
  remote: false,
  create:
    ({ prior }) =>
    (_query, responses) => {
      const votes = new Map<string, number>();
      for (const { answer } of responses) {
        if (answer !== null) votes.set(answer, (votes.get(answer) ?? 0) + 1);
      }
      return Array.from(votes, ([answer, count]) => ({
        answer,
        confidence: count / (responses.length + prior),
      }));
    },
});
