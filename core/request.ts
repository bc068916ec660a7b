import { z } from 'zod';
import { parseUsd } from './money.ts';
import { jsonSchema, parametersSchema } from './parameters.ts';
import { LARGEST_PAYLOAD_BYTES } from './payload-size.ts';

const message = z
  .record(z.string(), jsonSchema)
  .refine(({ role }) => typeof role === 'string' && role !== '', {
    path: ['role'],
    message: 'expected a role, such as "user"',
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
  parameters: parametersSchema
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
  try {
    return parse(value);
  } catch (error) {
    // The stack's end.
    if (!(error instanceof RangeError)) throw error;
    return { problems: ['the request is nested too deeply'] };
  }
}

function parse(value: unknown): ReturnType<typeof parseRequest> {
  const parsed = cascadeRequestSchema.safeParse(value);
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(
        ({ path, message: what }) => `${path.join('.') || 'the request'}: ${what}`,
      ),
    };
  }
  const bytes = new TextEncoder().encode(JSON.stringify(parsed.data)).length;
  if (bytes > LARGEST_PAYLOAD_BYTES) {
    return {
      problems: [
        `the request has ${bytes} bytes, over the limit of ${LARGEST_PAYLOAD_BYTES}: pass large images and files by URL`,
      ],
    };
  }
  return { request: parsed.data };
}
