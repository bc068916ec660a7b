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
};

/** Chat parameters of a query or of the settings: anything that a vendor knows, but for what the cascade decides itself. */
export const parametersSchema = z.record(z.string(), jsonSchema).superRefine((value, context) => {
  for (const [key, advice] of Object.entries(RESERVED)) {
    if (Object.hasOwn(value, key)) {
      context.addIssue({ code: 'custom', path: [key], message: `may not be set here: ${advice}` });
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
