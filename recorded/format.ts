import { z } from 'zod';
import type { JsonObject } from '../core/policy.ts';

/**
 * The recorded set: queries with many models' responses and labels, in a folder.
 *
 * - `queries.jsonl`: one {@link RecordedQuery} a line
 * - `responses/<model>.jsonl`: one {@link RecordedResponse} a line; characters of a model's name that a file name cannot
 *   hold are percent-encoded
 * - `models.json`: {@link RecordedModels}
 * - `judgements/<judge>.jsonl`, where a model has judged responses: one {@link RecordedJudgement} a line
 * - `embeddings/<embedder>.jsonl`, where texts have been embedded: one {@link RecordedEmbedding} a line
 *
 * The `.jsonl` files may be compressed (`.jsonl.gz`). A model need not have answered every query.
 */

const tokens = z.int().min(0);
const usdPerMtok = z.number().min(0);

const message = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && 'role' in value && typeof value.role === 'string',
  'expected a chat message, an object with a role',
);

export const recordedQuerySchema = z.object({
  id: z.string().min(1),
  task: z.string().min(1),
  /** Chat messages in OpenAI's form, as every model got them. */
  messages: z.array(message).min(1),
  /** The right answer, where one is known. */
  reference: z.string().optional(),
  split: z.enum(['train', 'test']).optional(),
  /** Queries of one group (a conversation, a customer) are never split between learning and measuring. */
  group: z.string().optional(),
  /**
   * The chance with which the query was drawn to be put to every model, where a draw decided it: an audit of production
   * traffic. It stands for 1 / inclusion_probability queries.
   */
  inclusion_probability: z.number().gt(0).max(1).optional(),
});

export const recordedResponseSchema = z.object({
  /** The query's. */
  id: z.string().min(1),
  model: z.string().min(1),
  text: z.string(),
  /** All input tokens, cached ones included. */
  input_tokens: tokens,
  output_tokens: tokens,
  /** The part of the input that came from the vendor's prompt cache. */
  cached_tokens: tokens.optional(),
  /** Natural-log probabilities of the output tokens. */
  logprobs: z.array(z.number()).optional(),
  /** The label: 1 for a right answer. */
  correct: z.union([z.literal(0), z.literal(1)], 'expected 0 or 1').optional(),
});

/** What another model, the judge, made of a response. */
export const recordedJudgementSchema = z.object({
  /** The query's. */
  id: z.string().min(1),
  /** The model whose response it is about. */
  model: z.string().min(1),
  /** Null where the judge's reply held none: it was paid for all the same. */
  grade: z.number().min(0).max(1).nullable(),
  input_tokens: tokens,
  output_tokens: tokens,
  cached_tokens: tokens.optional(),
});

/** A text as an embedder's vector. */
export const recordedEmbeddingSchema = z.object({
  /** The query's. */
  id: z.string().min(1),
  /** The model whose response it is of; absent: of the query itself. */
  model: z.string().min(1).optional(),
  /** Numbers, or base64 of them as little-endian single-precision floats. */
  vector: z.union([z.array(z.number()).min(1), z.base64().min(8)]),
  input_tokens: tokens,
});

const recordedModelSchema = z.looseObject({
  provider: z.string().min(1),
  input_usd_per_mtok: usdPerMtok,
  output_usd_per_mtok: usdPerMtok,
  cached_input_usd_per_mtok: usdPerMtok.optional(),
  /** Whether the model was billed for reasoning that the recorded counts lack: its cost is then too low. */
  hidden_reasoning_tokens: z.boolean().optional(),
  /** Where the prices come from. */
  source: z.string().optional(),
  /** What counted the tokens, where it was not the vendor. */
  tokenizer: z.string().optional(),
});

export const recordedModelsSchema = z.record(z.string().min(1), recordedModelSchema);

export type RecordedQuery = z.infer<typeof recordedQuerySchema>;
export type RecordedResponse = z.infer<typeof recordedResponseSchema>;
export type RecordedJudgement = z.infer<typeof recordedJudgementSchema>;
export type RecordedEmbedding = z.infer<typeof recordedEmbeddingSchema>;
export type RecordedModel = z.infer<typeof recordedModelSchema>;
/** By the model's name. */
export type RecordedModels = z.infer<typeof recordedModelsSchema>;
