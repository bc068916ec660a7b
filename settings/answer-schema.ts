import { z } from 'zod';
import type { AnswerSpec } from '../core/answer.ts';

const normalise = z
  .enum(['none', 'loose', 'number'])
  .optional()
  .describe('How equal answers are made equal text. Default: loose.');

const pattern = z
  .string()
  .min(1)
  .superRefine((text, context) => {
    try {
      new RegExp(text, 'gu');
    } catch (error) {
      context.addIssue({
        code: 'custom',
        message: `is no JavaScript regular expression (flag u): ${error instanceof Error ? error.message : String(error)}`,
      });
    }
  });

const labels = z
  .array(z.string().min(1))
  .min(2, 'expected at least two labels')
  .refine((list) => new Set(list.map((label) => label.toLowerCase())).size === list.length, {
    message: 'has the same label twice (case is ignored)',
  });

const EXPECTED = 'expected open, text, number, { json: /pointer }, { regex: … } or { labels: […] }';

export const answerSchema = z.union(
  [
    z.enum(['open', 'text', 'number']),
    z.strictObject({ text: z.strictObject({ normalise }) }),
    z.strictObject({
      json: z.string().regex(/^(\/.*)?$/, 'expected a JSON pointer such as /answer, or "" for the whole'),
      normalise,
    }),
    z.strictObject({ regex: pattern, normalise }),
    z.strictObject({ labels }),
  ],
  EXPECTED,
);

/** An answer as the settings write it, as the engine reads it. */
export function answerOf(raw: z.infer<typeof answerSchema> | undefined): AnswerSpec {
  if (raw === undefined || raw === 'open') return { from: 'open' };
  if (raw === 'number') return { from: 'number' };
  if (raw === 'text') return { from: 'text', normalise: 'loose' };
  if ('text' in raw) return { from: 'text', normalise: raw.text.normalise ?? 'loose' };
  if ('json' in raw) return { from: 'json', pointer: raw.json, normalise: raw.normalise ?? 'loose' };
  if ('labels' in raw) return { from: 'label', labels: raw.labels };
  return { from: 'regex', pattern: raw.regex, normalise: raw.normalise ?? 'loose' };
}
