import { z } from 'zod';
import { parametersSchema } from '../core/parameters.ts';
import { serviceUrl } from '../core/service-url.ts';
import { answerSchema } from './answer-schema.ts';
import { durationSchema } from './duration.ts';
import { auditSchema } from './audit.ts';
import { priceSchema, usd } from './price-schema.ts';
import { providerSchema } from './provider-schema.ts';
import { relearnSchema } from './relearn.ts';
import { watchSchema } from './watch.ts';

/** The shape of `escalier.yaml`: the one truth, from which its type and its JSON Schema are made. */

const NAME = 'letters, digits and . _ - : /, at most 100';
const name = z.string().regex(/^[\w.:/-]{1,100}$/, `expected a name of ${NAME}`);

const callOptions = {
  parameters: parametersSchema
    .optional()
    .describe('Chat parameters that are always sent, such as temperature. They win over the caller’s.'),
  timeout: durationSchema.optional().describe('What one request may take. Default: 60s.'),
  max_attempts: z
    .int()
    .min(1)
    .max(20)
    .optional()
    .describe('Requests for one call while failures are retryable, the first included. Default: 3.'),
  stream: z
    .boolean()
    .optional()
    .describe('Stream the response, to know the time to its first token. Default: false.'),
};

const model = z.strictObject({
  provider: name.describe('A provider of this file, or a vendor that needs no settings.'),
  id: z.string().min(1).optional().describe('The id that the provider knows it by. Default: its name here.'),
  max_output_tokens: z
    .int()
    .positive()
    .optional()
    .describe('The model’s own limit on output tokens: what bounds the cost of a call that sets none.'),
  price: priceSchema
    .optional()
    .describe('USD per million tokens. Default: the catalogue’s price at the time of the call.'),
  ...callOptions,
});

const PROBABILITY = 'a threshold is a probability: expected a number from 0 to 1';
const threshold = z.number().min(0, PROBABILITY).max(1, PROBABILITY);

const stage = z.union(
  [
    name,
    z.strictObject({
      model: name.describe('One of the models of this file.'),
      threshold: threshold.optional().describe('This stage’s own threshold.'),
      ...callOptions,
    }),
  ],
  `expected a model’s name (${NAME}), or { model: …, threshold: … }`,
);

const scorer = z
  .union(
    [name, z.looseObject({ name: name.describe('The scorer’s name.') })],
    'expected the name of a scorer, or { name: …, and its options }',
  )
  .describe('What says how likely an answer is to be right.');

const periodLimits = {
  per_day_usd: usd.optional().describe('In one UTC day. Default: no limit.'),
  per_month_usd: usd.optional().describe('In one UTC month. Default: no limit.'),
};

const NO_LIMIT = 'has no limit: set per_day_usd or per_month_usd';
const hasLimit = (limits: object): boolean => Object.keys(limits).length > 0;

const auditBudget = z.strictObject(periodLimits).refine(hasLimit, NO_LIMIT);
const tenantBudget = z.strictObject(periodLimits).refine(hasLimit, NO_LIMIT);

/** @param scorerShape how a scorer is written: looser than its options, which its own schema checks later. */
export function settingsSchemaOf<Scorer extends z.ZodType>(scorerShape: Scorer) {
  const task = z.strictObject({
    chain: z
      .array(stage)
      .min(1, 'the chain is empty: name at least one model')
      .max(20, 'the chain is longer than 20 stages')
      .describe('The models in ascending price order.'),
    threshold: threshold
      .optional()
      .describe('Confidence at which an answer is accepted, from 0 to 1, for stages without their own.'),
    scorer: scorerShape,
    answer: answerSchema.optional().describe('How the answer is found in a response. Default: open.'),
    parameters: callOptions.parameters,
    max_cost_per_query_usd: usd.optional().describe('No query costs more than this. Default: no limit.'),
    budget: z
      .strictObject({
        ...periodLimits,
        at_limit: z
          .enum(['stop', 'cheapest', 'fail'])
          .optional()
          .describe(
            'Where a limit on money leaves no room for a call: serve the best answer so far; go on with the first model on the last tenth of a budget, then stop; or fail. Default: stop.',
          ),
      })
      .optional()
      .describe('What all queries of the task may cost together.'),
    review: z
      .strictObject({ timeout: durationSchema.describe('How long a person is waited for.') })
      .optional()
      .describe('Ask a person where no model was sure enough. Default: nobody is asked.'),
    audit: auditSchema.optional(),
    audit_budget: auditBudget.optional().describe('What all audits of the task may cost together.'),
    watch: watchSchema.optional(),
    relearn: relearnSchema.optional(),
    deadline: durationSchema
      .optional()
      .describe('After this the best answer so far is served. Default: none.'),
    retention: z
      .enum(['full', 'hash', 'none'])
      .optional()
      .describe('What remains of prompts and responses after a query. Default: full.'),
    execution: z
      .enum(['durable', 'inline'])
      .optional()
      .describe(
        'How models are called: each request a Temporal activity of its own, or within the workflow’s own task, which is faster, for models that answer in a few seconds. Default: durable.',
      ),
    token_profile: z
      .strictObject({
        input: z.number().positive(),
        output: z.number().positive(),
        cached_input: z.number().min(0).optional().describe('The part of input that is cached. Default: 0.'),
      })
      .refine(({ input, cached_input: cached = 0 }) => cached <= input, {
        path: ['cached_input'],
        message: 'is more than input, of which it is a part',
      })
      .optional()
      .describe(
        'Tokens of a typical call, by which the price order is checked. Default: 3 of input to 1 of output.',
      ),
  });
  return z
    .strictObject({
      providers: z
        .record(name, providerSchema)
        .nullable()
        .optional()
        .describe('Who is asked. Keys stay in the environment.'),
      models: z.record(name, model).describe('What is asked, by the names that tasks and reports use.'),
      tasks: z.record(name, task).describe('Kinds of query, each with its own policy.'),
      tenants: z
        .record(z.string().min(1).max(200), tenantBudget)
        .nullable()
        .optional()
        .describe('What all queries of a tenant may cost together; "*": of each tenant that is not named.'),
      alarms: z
        .strictObject({
          webhook: serviceUrl('it is shown in the Temporal UI').describe(
            'Where the worker posts each alarm as JSON.',
          ),
        })
        .optional()
        .describe('Who is told of alarms, beside the log.'),
    })
    .meta({ title: 'escalier.yaml', description: 'Providers, models and tasks of Escalier.' });
}

export const settingsSchema = settingsSchemaOf(scorer);
export { scorer as scorerSchema };

export type RawSettings = z.infer<typeof settingsSchema>;
export type RawModel = RawSettings['models'][string];
export type RawTask = RawSettings['tasks'][string];
