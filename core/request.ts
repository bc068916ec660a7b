import { z } from 'zod';
import { parseUsd } from './money.ts';

/** Temporal refuses an event above 2 MiB; a request is refused by name before it comes near. */
export const LARGEST_REQUEST_BYTES = 1.5 * 1024 * 1024;

const json: z.ZodType<unknown> = z.json();

const message = z.looseObject({ role: z.string().min(1) }).catchall(json);

/** Parameters that the cascade decides itself, with what to do instead. */
const RESERVED: Record<string, string> = {
  model: 'the task’s policy names the models',
  messages: 'messages stand beside "parameters", not in it',
  stream: 'set "stream" on the model in escalier.yaml',
  stream_options: 'set "stream" on the model in escalier.yaml',
};

const parameters = z.record(z.string(), json).superRefine((value, context) => {
  for (const key of Object.keys(value)) {
    const advice = RESERVED[key];
    if (advice !== undefined) {
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

const decimalUsd = z.string().refine(
  (text) => {
    try {
      return parseUsd(text) >= 0n;
    } catch {
      return false;
    }
  },
  { message: 'expected a decimal amount of dollars as a string, such as "0.25"' },
);

/**
 * What starts a cascade: the one argument of the workflow `cascade`, as plain JSON from any Temporal client. The workflow
 * id is the idempotency key.
 */
export const cascadeRequestSchema = z.strictObject({
  task: z.string().min(1).max(200).describe('The task, as it was applied from escalier.yaml.'),
  messages: z
    .array(message)
    .min(1)
    .describe('Chat messages in OpenAI’s form, passed to every model unchanged.'),
  parameters: parameters
    .optional()
    .describe('Any other chat parameter (tools, response_format, temperature, …), passed through unchanged.'),
  maxCostUsd: decimalUsd
    .optional()
    .describe('This query’s own limit on cost; the lower of it and the task’s holds.'),
  deadlineMs: z
    .int()
    .positive()
    .optional()
    .describe('This query’s own deadline in milliseconds; the lower of it and the task’s holds.'),
  tenant: z.string().min(1).max(200).optional().describe('Whom the query is for, kept in the ledger.'),
  tags: z
    .record(z.string().max(100), z.string().max(200))
    .optional()
    .describe('The caller’s own labels, kept in the ledger.'),
});

export type CascadeRequest = z.infer<typeof cascadeRequestSchema>;

/** Every problem of an unknown value as a request, one line each, or the request. */
export function parseRequest(value: unknown): { request: CascadeRequest } | { problems: string[] } {
  const parsed = cascadeRequestSchema.safeParse(value);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(
        ({ path, message: what }) => `${path.join('.') || 'the request'}: ${what}`,
      ),
    };
  }
  const bytes = new TextEncoder().encode(JSON.stringify(parsed.data)).length;
  if (bytes > LARGEST_REQUEST_BYTES) {
    return {
      problems: [
        `the request has ${bytes} bytes, over the limit of ${LARGEST_REQUEST_BYTES}: pass large images and files by URL`,
      ],
    };
  }
  return { request: parsed.data };
}
