import { z } from 'zod';

/** The longer a model reasons, the less sure it is: right up to `sure` characters, then falling to 0 at `lost`. */
const length = {
  name: 'length',
  summary: 'Falls with the length of the response: long answers are doubtful.',
  options: z
    .strictObject({
      sure: z.int().min(0).default(400).describe('Characters up to which the confidence is 1.'),
      lost: z.int().min(1).default(2000).describe('Characters from which it is 0.'),
    })
    .refine(({ sure, lost }) => sure < lost, { message: 'lost must be more than sure' }),
  remote: false,
  create:
    ({ sure, lost }) =>
    (_query, responses) => {
      const { answer, text } = responses.at(-1);
      if (answer === null) return [];
      return [{ answer, confidence: Math.min(1, Math.max(0, (lost - text.length) / (lost - sure))) }];
    },
};

/** @type {import('escalier/scorers').ScorerKind[]} */
export const scorers = [length];
