import { z } from 'zod';
import { parseUsd } from '../core/money.ts';
import { CATALOGUE } from '../providers/catalogue.ts';

/** The shape of `escalier.yaml`: the one truth, from which its type and its JSON Schema are made. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `30s` in milliseconds. */
export function durationMs(text: string): number {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  return Math.round(Number(count) * (UNITS[unit] ?? Number.NaN));
}

const duration = z
  .string()
  .regex(/^\d+(\.\d+)?(ms|s|m|h)$/, 'expected a duration such as "500ms", "30s" or "2m"')
  .meta({ examples: ['30s', '2m'] });

const usd = z.union([z.number(), z.string()]).refine((value) => isAmount(value), {
  message: 'expected dollars, at least 0, such as 0.25 or "0.000004"',
});

function isAmount(value: number | string): boolean {
  try {
    return typeof value === 'number' ? Number.isFinite(value) && value >= 0 : parseUsd(value) >= 0n;
  } catch {
    return false;
  }
}

const name = z.string().regex(/^[\w.:/-]{1,100}$/, 'expected a name of letters, digits and . _ - : /');
const json = z.record(z.string(), z.json());

const provider = z
  .strictObject({
    kind: z
      .enum(Object.keys(CATALOGUE) as [keyof typeof CATALOGUE, ...(keyof typeof CATALOGUE)[]])
      .optional()
      .describe('What it is; default: the kind of the same name. Any other server is "openai-compatible".'),
    base_url: z
      .url('expected a URL such as "http://localhost:8000/v1"')
      .optional()
      .describe('Where its OpenAI-compatible API is; vendors have a default.'),
    api_key_env: z
      .string()
      .regex(/^[A-Z_][A-Z0-9_]*$/i, 'expected the name of an environment variable, never the key itself')
      .optional()
      .describe('The environment variable that holds its key; vendors have a default.'),
    api_key: z
      .never(
        'keys do not belong in this file: put it into an environment variable, and its name into api_key_env',
      )
      .optional(),
    headers: z
      .record(z.string(), z.string())
      .optional()
      .describe('Sent with every request. Not for secrets.'),
    query: z
      .record(z.string(), z.string())
      .optional()
      .describe('Query parameters, such as Azure’s api-version.'),
  })
  .nullable();

const price = z.strictObject({
  input_usd_per_mtok: usd,
  output_usd_per_mtok: usd,
  cached_input_usd_per_mtok: usd.optional(),
  cache_write_usd_per_mtok: usd.optional(),
  input_audio_usd_per_mtok: usd.optional(),
  output_audio_usd_per_mtok: usd.optional(),
  reasoning_usd_per_mtok: usd.optional(),
  usd_per_thousand_requests: usd.optional(),
});

const callOptions = {
  parameters: json.optional().describe('Chat parameters that are always sent, such as temperature.'),
  timeout: duration.optional().describe('What one request may take. Default 60s.'),
  max_attempts: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('Requests for one call while failures are retryable, the first included. Default 3.'),
  stream: z
    .boolean()
    .optional()
    .describe('Stream the response, to know the time to its first token. Default false.'),
};

const model = z.strictObject({
  provider: name.describe('A provider of this file, or a vendor that needs no settings.'),
  id: z.string().min(1).optional().describe('The id that the provider knows it by. Default: its name here.'),
  max_output_tokens: z
    .int()
    .positive()
    .optional()
    .describe('The model’s own limit on output tokens: what bounds the cost of a call that sets none.'),
  price: z
    .union([z.literal('unknown'), price], 'expected "unknown", or input_usd_per_mtok and output_usd_per_mtok')
    .optional()
    .describe('USD per million tokens. Default: the catalogue’s price at the time of the call.'),
  ...callOptions,
});

const threshold = z
  .number()
  .min(0, 'a threshold is a probability: expected a number from 0 to 1')
  .max(1, 'a threshold is a probability: expected a number from 0 to 1');

const stage = z.union([
  name,
  z.strictObject({ model: name, threshold: threshold.optional(), ...callOptions }),
]);

const normalise = z.enum(['none', 'loose', 'number']).optional();

const answer = z.union(
  [
    z.enum(['open', 'text', 'number']),
    z.strictObject({ text: z.strictObject({ normalise }) }),
    z.strictObject({
      json: z.string().regex(/^(\/.*)?$/, 'expected a JSON pointer such as /answer'),
      normalise,
    }),
    z.strictObject({ regex: z.string().min(1), normalise }),
    z.strictObject({ labels: z.array(z.string().min(1)).min(2) }),
  ],
  'expected open, text, number, { json: /pointer }, { regex: … } or { labels: […] }',
);

const task = z.strictObject({
  chain: z
    .array(stage)
    .min(1, 'the chain is empty: name at least one model')
    .max(20)
    .describe('The models in ascending price order.'),
  threshold: threshold.describe('Confidence at which an answer is accepted, from 0 to 1.').optional(),
  scorer: z
    .union([name, z.looseObject({ name })], 'expected the name of a scorer, or { name: …, its options }')
    .describe('What says how likely an answer is to be right.'),
  answer: answer.optional().describe('How the answer is found in a response. Default: open.'),
  parameters: callOptions.parameters,
  max_cost_per_query_usd: usd.optional().describe('No query costs more than this. Default: no limit.'),
  deadline: duration.optional().describe('After this the best answer so far is served. Default: none.'),
  retention: z
    .enum(['full', 'hash', 'none'])
    .optional()
    .describe('What remains of prompts and responses after a query. Default: full.'),
  token_profile: z
    .strictObject({
      input: z.number().positive(),
      output: z.number().positive(),
      cached_input: z.number().min(0).optional(),
    })
    .optional()
    .describe(
      'Tokens of a typical call, by which the price order is checked. Default: 3 of input to 1 of output.',
    ),
});

export const settingsSchema = z
  .strictObject({
    providers: z.record(name, provider).optional().describe('Who is asked. Keys stay in the environment.'),
    models: z.record(name, model).describe('What is asked, by the names that tasks and reports use.'),
    tasks: z.record(name, task).describe('Kinds of query, each with its own policy.'),
  })
  .meta({ title: 'escalier.yaml', description: 'Providers, models and tasks of Escalier.' });

export type RawSettings = z.infer<typeof settingsSchema>;
export type RawModel = RawSettings['models'][string];
export type RawTask = RawSettings['tasks'][string];
export type RawProvider = z.infer<typeof provider>;

/** JSON Schema (draft 2020-12) of `escalier.yaml`, for editors. */
export function settingsJsonSchema(): unknown {
  return z.toJSONSchema(settingsSchema, { unrepresentable: 'any', io: 'input' });
}
