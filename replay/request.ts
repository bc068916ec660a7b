import { z } from 'zod';
import { badRequest, type Problem } from './problem.ts';

/** What the replay provider reads of a chat request; it ignores everything else. */
const chatRequestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(z.record(z.string(), z.unknown())).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  n: z.literal(1, 'a recorded set has one response of a model to a query').nullish(),
});

export type ChatRequest = z.infer<typeof chatRequestSchema>;

const text = z.string().min(1, 'an embedder takes no empty text');
const embeddingsRequestSchema = z.object({
  model: z.string().min(1),
  input: z.union([text, z.array(text).min(1)]),
  encoding_format: z.literal('float', 'only float is served here').nullish(),
});

export type EmbeddingsRequest = z.infer<typeof embeddingsRequestSchema>;

/** @param body the request's JSON as text. */
export function parseChatRequest(body: string): ChatRequest | Problem {
  return parse(body, chatRequestSchema);
}

/** @param body the request's JSON as text. */
export function parseEmbeddingsRequest(body: string): EmbeddingsRequest | Problem {
  return parse(body, embeddingsRequestSchema);
}

function parse<Schema extends z.ZodType<object>>(body: string, schema: Schema): z.infer<Schema> | Problem {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    return badRequest(`The body is not JSON: ${(error as Error).message}`, null);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue === undefined || issue.path.length === 0 ? null : issue.path.join('.');
  return badRequest(`${param ?? 'The body'}: ${issue?.message ?? 'invalid'}`, param);
}

export function isProblem(value: object): value is Problem {
  return 'status' in value && 'message' in value;
}
