import { Ajv2020 } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { lastJson, normalise } from '../core/answer.ts';
import { liftSingle } from './lift.ts';
import { defineScorer, type ScoredResponse } from './scorer.ts';

type Rule = (subject: string, text: string) => boolean;

const probability = z.number().min(0).max(1);

const numeric = z
  .strictObject({
    min: z.number().optional().describe('The least allowed value.'),
    max: z.number().optional().describe('The greatest allowed value.'),
    integer: z.boolean().default(false).describe('Whether it must be whole.'),
  })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, {
    message: 'min is greater than max: no number can be valid',
  });

const options = z
  .strictObject({
    on: z
      .enum(['answer', 'text'])
      .default('answer')
      .describe(
        'What regex, numeric and labels look at: what the task’s extractor found, or the whole text. An open-ended task has no answer to look at: it needs "text".',
      ),
    json_schema: z
      .record(z.string(), z.json())
      .superRefine((schema, context) => {
        complain(context, () => compileSchema(schema));
      })
      .optional()
      .describe(
        'JSON Schema (2020-12) of the last JSON object or array in the text. "format" is not checked.',
      ),
    regex: z
      .string()
      .min(1)
      .superRefine((pattern, context) => {
        complain(context, () => new RegExp(pattern, 'u'));
      })
      .optional()
      .describe(
        'A JavaScript regular expression (flag u) that must match somewhere; anchor it with ^ and $.',
      ),
    numeric: numeric.optional().describe('The last number must exist and lie within these bounds.'),
    labels: z.array(z.string().min(1)).min(1).optional().describe('It must be one of these, ignoring case.'),
    valid: probability.default(1).describe('Confidence when every rule holds.'),
    invalid: probability.default(0).describe('Confidence when one is broken.'),
  })
  .refine((given) => given.json_schema ?? given.regex ?? given.numeric ?? given.labels, {
    message: 'at least one rule is needed: json_schema, regex, numeric or labels',
  });

export const validator = defineScorer({
  name: 'validator',
  summary: 'Whether the response obeys rules: a JSON schema, a pattern, a range, a list of labels.',
  options,
  remote: false,
  create(given) {
    const rules = rulesOf(given);
    const subjectOf = ({ answer, text }: ScoredResponse): string =>
      given.on === 'text' ? text : (answer ?? '');
    return liftSingle((_query, response) =>
      rules.every((rule) => rule(subjectOf(response), response.text)) ? given.valid : given.invalid,
    );
  },
});

function rulesOf(given: z.infer<typeof options>): readonly Rule[] {
  const rules: Rule[] = [];
  if (given.json_schema !== undefined) {
    const validate = compileSchema(given.json_schema);
    rules.push((_subject, text) => validate(lastJson(text)));
  }
  if (given.regex !== undefined) {
    const pattern = new RegExp(given.regex, 'u');
    rules.push((subject) => pattern.test(subject));
  }
  if (given.numeric !== undefined) {
    const { min = -Infinity, max = Infinity, integer } = given.numeric;
    rules.push((subject) => {
      const found = normalise(subject, 'number');
      const value = Number(found);
      return found !== null && value >= min && value <= max && (!integer || Number.isInteger(value));
    });
  }
  if (given.labels !== undefined) {
    const labels = new Set(given.labels.map((label) => label.trim().toLowerCase()));
    rules.push((subject) => labels.has(subject.trim().toLowerCase()));
  }
  return rules;
}

/** Unknown keywords are refused: a misspelt one would let everything pass. */
function compileSchema(schema: z.infer<z.ZodJSONSchema> & object): (value: unknown) => boolean {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictTuples: false,
    validateFormats: false,
    logger: false,
  });
  const validate = ajv.compile(schema);
  // Nothing to validate where the text holds no JSON, even for a schema that allows anything.
  return (value) => value !== undefined && validate(value);
}

function complain(context: z.RefinementCtx, attempt: () => unknown): void {
  try {
    attempt();
  } catch (error) {
    context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
  }
}
