import { z } from 'zod';
import type { Json } from './policy.ts';

/** Any JSON value, as the type that enters histories. */
export const jsonSchema: z.ZodType<Json> = z.json();

/** Parameters that the cascade decides itself, with what to do instead. */
const RESERVED: Readonly<Record<string, string>> = {
  model: 'the task’s chain in escalier.yaml names the models',
  messages: 'they come with each query, beside its "parameters"',
  stream: 'set "stream" on the model in escalier.yaml',
  stream_options: 'set "stream" on the model in escalier.yaml',
  models: 'the task’s chain in escalier.yaml names the models',
  fallbacks: 'the task’s chain in escalier.yaml names the models',
};

/** Limits on output tokens, by which the most that a request can cost is reckoned. */
export const OUTPUT_LIMITS = ['max_completion_tokens', 'max_tokens'] as const;

/** No model puts out nearly as much; above it a bound on cost would not fit into the ledger. */
const MOST_OUTPUT_TOKENS = 1_000_000_000;

function isOutputLimit(value: Json): boolean {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST_OUTPUT_TOKENS;
}

/** Chat parameters of a query or of the settings: anything that a vendor knows, but for what the cascade decides itself. */
export const parametersSchema = z.record(z.string(), jsonSchema).superRefine((value, context) => {
  for (const [key, advice] of Object.entries(RESERVED)) {
    if (Object.hasOwn(value, key)) {
      context.addIssue({ code: 'custom', path: [key], message: `may not be set here: ${advice}` });
    }
  }
  for (const key of OUTPUT_LIMITS) {
    if (value[key] != null && !isOutputLimit(value[key])) {
      context.addIssue({
        code: 'custom',
        path: [key],
        message: `expected a whole number of tokens, from 1 to ${MOST_OUTPUT_TOKENS}`,
      });
    }
  }
  if (value['n'] !== undefined && value['n'] !== 1) {
    context.addIssue({
      code: 'custom',
      path: ['n'],
      message: 'must be 1: a cascade takes one response of each model',
    });
  }
});
