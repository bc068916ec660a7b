import type { z } from 'zod';
import type { ScoredAnswer } from '../core/cascade.ts';
import type { JsonObject } from '../core/policy.ts';

/** The query as the models saw it. */
export interface ScoredQuery {
  readonly task: string;
  /** Chat messages in OpenAI's form. */
  readonly messages: readonly JsonObject[];
  /** The caller's other chat parameters (tools, response format, …). */
  readonly parameters: JsonObject;
}

/** A response that the cascade has already paid for. */
export interface ScoredResponse {
  /** Its place in the chain, from 0. */
  readonly stage: number;
  readonly model: string;
  /** What the task's extractor found; null where the text holds no answer. */
  readonly answer: string | null;
  /** The whole text; for tool calls their canonical JSON. */
  readonly text: string;
  readonly finishReason: string | null;
  /** Natural-log probabilities of the output tokens, where the provider sent them. */
  readonly logprobs: readonly number[] | null;
}

/** What a scorer may do to the world. A scorer that needs none of it is a pure function. */
export interface ScoringContext {
  /**
   * Asks one of the scorer's own models. The call is billed, recorded with purpose `score`, and found again after a crash
   * by its stage and ordinal, so that a retried scoring buys nothing twice: give equal questions equal ones.
   * @throws {Error} when the model gives no usable response; let it pass, the cascade knows what to do.
   */
  ask(question: JudgeQuestion): Promise<JudgeReply>;
  /**
   * Embeds texts by one of the scorer's own embedders, in one request. Billed and found again as {@link ask} does it, with
   * purpose `embed`.
   * @returns a vector for each text, in their order; null where the embedder does not take the texts (too long, withheld).
   * @throws {Error} when the embedder fails otherwise; let it pass.
   */
  embed(question: EmbedQuestion): Promise<readonly Float64Array[] | null>;
  /** Aborts when the query is cancelled. */
  readonly signal: AbortSignal;
}

/** What identifies a request of a scorer within its query. */
interface ScorerQuestion {
  /** Which question of this query's scoring it is, from 0: with one question a stage, the stage. */
  readonly ordinal: number;
  /** The stage whose response it is about. Default: the one that is being scored. */
  readonly stage?: number;
  /** Which of the scorer's models, by name. */
  readonly model: string;
}

export interface JudgeQuestion extends ScorerQuestion {
  readonly messages: readonly JsonObject[];
  readonly parameters: JsonObject;
  /**
   * Whether the scorer can do without: where the model will never give a usable response to these messages (it refuses, they
   * are too long), the reply is an empty text in the place of an error.
   */
  readonly mayFail?: boolean;
}

export interface EmbedQuestion extends ScorerQuestion {
  /** None of them empty. */
  readonly texts: readonly string[];
}

export interface JudgeReply {
  readonly text: string;
  readonly logprobs: readonly number[] | null;
}

/**
 * Says how likely each candidate is to be right, in [0, 1], from every response so far (oldest first, never empty). The
 * scores replace those of the stage before: a candidate that is not returned keeps no confidence. An empty list says
 * nothing new and changes none. An answer that no response gave, or one that is scored twice, is an error.
 */
export type Score = (
  query: ScoredQuery,
  responses: readonly ScoredResponse[],
  context: ScoringContext,
) => readonly ScoredAnswer[] | Promise<readonly ScoredAnswer[]>;

/**
 * A kind of scorer, registered by name. Its functions are methods on purpose: a list of kinds holds kinds of many options,
 * and a registry only ever passes a kind what its own schema has accepted.
 */
export interface ScorerKind<Schema extends z.ZodType = z.ZodType> {
  /** As it is written in the settings, in kebab-case. */
  readonly name: string;
  /** One line for people: what the confidence is made of. */
  readonly summary: string;
  /** Validates the options in the settings: a strict object in snake_case, whose JSON Schema can be generated. */
  readonly options: Schema;
  /** Names of the models that it will ask. With options that name any, it is remote. */
  models?(options: z.infer<Schema>): readonly string[];
  /** Names of the models that it will have embed texts; with any, it is remote. */
  embedders?(options: z.infer<Schema>): readonly string[];
  /** Whether scoring leaves the process whatever the options are. A remote scorer runs as an ordinary activity and may be retried. */
  readonly remote: boolean;
  /** Whether the last stage's response is scored though it is served either way. Default: true for a scorer that is not remote. */
  readonly scoresLastStage?: boolean;
  /**
   * Milliseconds that one scoring may take where it asks a service of its own; what its models take comes from their settings.
   * Default: five minutes for a remote scorer without models.
   */
  timeoutMs?(options: z.infer<Schema>): number;
  /**
   * Fetches what the scorer needs before it can score, for a kind that needs anything: asked when a query is planned, before
   * anything is spent, and again before each scoring.
   * @throws {ScorerProblem} when a person must mend something. Any other error is worth another try.
   */
  ready?(options: z.infer<Schema>): Promise<void>;
  create(options: z.infer<Schema>): Score;
}

/** Types a kind by its own options; it returns what it is given. */
export function defineScorer<Schema extends z.ZodType>(kind: ScorerKind<Schema>): ScorerKind<Schema> {
  return kind;
}
