import type { AnswerSpec } from './answer.ts';
import type { AuditPolicy } from './audit.ts';
import type { Certificate } from './certificate.ts';
import type { DecimalUsd } from './money.ts';
import type { Price } from './price.ts';
import type { ReviewPolicy } from './review.ts';
import type { StopRule } from './stop-rule.ts';
import type { WatchPolicy } from './watch.ts';

/**
 * The words of this project, as types.
 *
 * A *task* is a named kind of query with its own *policy*: a *chain* of models in ascending price order, each a *stage*,
 * with a scorer, a stop rule and limits. A policy is versioned and immutable. A *query* climbs the chain: a *call* is what
 * the state machine asks for (query, stage, purpose, ordinal), an *attempt* is one request to a provider and the unit of
 * billing, so that a retry is another attempt of the same call. A *candidate* is a distinct answer among the responses so
 * far. The *ledger* keeps what was asked, tried, billed and accepted.
 */

/** Why an attempt was made. */
export type Purpose = 'serve' | 'score' | 'route' | 'audit' | 'embed';

/** Any JSON value: what may enter a workflow history. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** One model as a policy pins it: everything that decides what is requested and what it can cost. */
export interface PolicyModel {
  /** The name in the settings, the ledger and the answer. */
  readonly model: string;
  /** The provider's name in the worker's settings. Connections and keys stay with the worker. */
  readonly provider: string;
  /** The id that the provider knows the model by. */
  readonly modelId: string;
  /** Chat parameters that this policy sets, e.g. `{ "temperature": 0 }`. They win over the caller's. */
  readonly parameters: JsonObject;
  /** The model's own limit on output tokens; null where it is not known. */
  readonly maxOutputTokens: number | null;
  /** Milliseconds that one request may take. */
  readonly timeoutMs: number;
  /** Requests that one call may make while failures are retryable, the first included. */
  readonly maxAttempts: number;
  /** Whether the request streams, so that the time to the first token is known and a stalled stream is noticed. */
  readonly stream: boolean;
  /** Price rows that win over the catalogue; null takes the catalogue's, `unknown` has been declared to have none. */
  readonly price: readonly Price[] | 'unknown' | null;
  /** USD per million tokens at the policy's token profile when it was applied; null for an unknown price. */
  readonly expectedUsdPerMtok: DecimalUsd | null;
}

/** A scorer by its registered name, with the options that it validated when the policy was applied. */
export interface ScorerSpec {
  readonly name: string;
  readonly options: JsonObject;
  /** Models that the scorer itself calls (a judge). Their cost is an attempt with purpose `score`. */
  readonly models: readonly PolicyModel[];
  /** Whether responses of the last stage are scored: they are served either way, so a scorer that costs money skips them. */
  readonly scoresLastStage: boolean;
  /** Whether scoring leaves the process (a model or an HTTP call), and so is an ordinary activity. */
  readonly remote: boolean;
  /** Milliseconds that one scoring may take, where its kind has a limit of its own. */
  readonly timeoutMs?: number;
}

/** What remains of prompts and responses once a query has ended. */
export type Retention = 'full' | 'hash' | 'none';

/**
 * What a task does when a limit on money, of the query or of a budget, leaves no room for a call. `stop`: the best answer
 * so far is served. `fail`: nothing is, so that no answer below its threshold is ever served for want of money. `cheapest`:
 * as `stop`, and the last tenth of a budget is kept for first stages, so that the cheapest model goes on before all stop.
 */
export type AtBudget = 'stop' | 'cheapest' | 'fail';

/**
 * How models are called. `durable`: each call is a Temporal activity, with its own events, heartbeats and retries. `inline`: the
 * activity that plans a query also climbs it, within the workflow's own task, with a third of the history; meant for models
 * that answer in a few seconds.
 */
export type Execution = 'durable' | 'inline';

export interface Limits {
  /** No query may cost more than this, whatever happens; null for no limit. */
  readonly maxCostUsd: DecimalUsd | null;
  /** Milliseconds from the start of the run after which the best answer so far is served; null for no limit. */
  readonly deadlineMs: number | null;
  /** Absent for `stop`: policies and histories from before it had no choice. */
  readonly atBudget?: Exclude<AtBudget, 'stop'>;
}

/** A task's policy as it is stored: immutable, and complete but for connections, keys and the price catalogue. */
export interface Policy {
  readonly task: string;
  readonly chain: readonly PolicyModel[];
  /** Confidence at which a candidate is accepted after each stage, in [0, 1]; as long as the chain. */
  readonly thresholds: readonly number[];
  readonly scorer: ScorerSpec;
  readonly answer: AnswerSpec;
  readonly limits: Limits;
  readonly retention: Retention;
  /** Absent for `durable`: policies and histories from before it had no choice. */
  readonly execution?: Exclude<Execution, 'durable'>;
  /** Input, output and cached tokens of a typical call, by which the price order was checked. */
  readonly tokenProfile: { readonly input: number; readonly output: number; readonly cachedInput: number };
  /** Absent where no person is asked. */
  readonly review?: ReviewPolicy;
  /** Absent where nothing is audited. */
  readonly audit?: AuditPolicy;
  /** Absent where the task says nothing about alarms. */
  readonly watch?: WatchPolicy;
  /** The version in whose place an alarm put this one; absent elsewhere. */
  readonly fallbackFor?: number;
  /** How the policy was found; absent in one that was written by hand. */
  readonly learned?: PolicyOrigin;
}

/** What a learned policy keeps of how it was found. */
export interface PolicyOrigin {
  /** SHA-256 of the canonical JSON of the `policy.json` that it was promoted from. */
  readonly policySha256: string;
  /** What the thresholds came from. */
  readonly rule: StopRule;
  /** On train, of each stage's model, in [0, 1]. */
  readonly modelAccuracy: readonly number[];
  readonly certificate: Certificate | null;
}

/** A stage of a pinned plan: a policy's model with its price book and the most that one request to it can cost. */
export interface PlannedModel extends PolicyModel {
  /** The price rows known when the query started; null for an unknown price. */
  readonly prices: readonly Price[] | null;
  /** The most that one request can cost, null where nothing bounds it. */
  readonly worstCaseUsd: DecimalUsd | null;
}

/** What a running cascade is pinned to. It is the first thing in its history, and the only thing that decides. */
export interface Plan {
  readonly formatVersion: 1;
  readonly queryId: string;
  /** When the query first started (ISO 8601): the ledger's partition key, the same in every run of the query. */
  readonly startedAt: string;
  readonly task: string;
  readonly policyVersion: number;
  readonly stages: readonly PlannedModel[];
  readonly thresholds: readonly number[];
  /** Present where thresholds depend on what the query has spent. */
  readonly stopRule?: StopRule;
  readonly scorer: Omit<ScorerSpec, 'models'> & {
    readonly models: readonly PlannedModel[];
    /** The most that scoring one stage can cost; null where nothing bounds it. */
    readonly worstCaseUsd: DecimalUsd | null;
  };
  readonly answer: AnswerSpec;
  readonly limits: Limits;
  readonly retention: Retention;
  /** Absent for `durable`. */
  readonly execution?: Exclude<Execution, 'durable'>;
  /** Absent where no person is asked. */
  readonly review?: ReviewPolicy;
  /** Of each stage's model, where the policy was learned: it decides whose text is served when several agree. */
  readonly modelAccuracy?: readonly number[];
  /** What the policy was accepted with, where it was: for whoever reads the history. */
  readonly certificate?: Certificate;
}

/** The part of a plan that every activity needs to find its query. */
export type PlanRef = Pick<
  Plan,
  'queryId' | 'startedAt' | 'task' | 'policyVersion' | 'retention' | 'answer' | 'limits'
>;
