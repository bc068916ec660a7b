import type { Outcome, ResponseRef, ScoredAnswer, Served } from '../core/cascade.ts';
import type { Verdict } from '../core/verdict.ts';
import type { Feedback, Labelled, Review } from '../core/feedback.ts';
import type { EndedByCall, StageOutcome } from '../core/climb-log.ts';
import type { SoFar } from '../core/last-call.ts';
import type { JsonObject, Plan, PlannedModel, PlanRef } from '../core/policy.ts';
import type { Relearned } from '../core/relearning.ts';
import type { CascadeRequest } from '../core/request.ts';
import type { AttemptSummary, CascadeAnswer } from '../core/result.ts';
import type { QueryRef } from '../ledger/texts.ts';

/**
 * What passes between the workflow and its activities. It lies in histories for years: small, JSON-safe, and only ever
 * extended by optional fields.
 */

export type Planned =
  | { readonly type: 'planned'; readonly plan: Plan; readonly climbed?: Climbed }
  /** The key was answered before. */
  | { readonly type: 'finished'; readonly answer: CascadeAnswer };

/** How far the activity that planned a query has climbed it as well. */
export interface Climbed {
  /** Milliseconds since the run began, at the first decision. */
  readonly elapsedMs: number;
  /** What came of the commands, oldest first, and how many milliseconds after the run began. */
  readonly outcomes: readonly (StageOutcome & { readonly elapsedMs: number })[];
  /** Set where the next command has failed, and is to be tried again after so many milliseconds. */
  readonly retryInMs?: number;
  /** Every attempt of the query, where it has been ended in the ledger, too. */
  readonly ended?: readonly AttemptSummary[];
}

export interface CallInput {
  readonly query: PlanRef;
  readonly stage: number;
  readonly model: PlannedModel;
  /** Epoch milliseconds after which no request may start, and at which a running one ends; null for no deadline. */
  readonly deadlineAt: number | null;
  /** Where the response is to be scored on this machine's processor: it is done by the same activity. */
  readonly scoring?: Pick<ScoreInput, 'scorer' | 'responses'>;
  /** Where the call is to end the query as well, if the cascade is over with its response. */
  readonly soFar?: SoFar;
}

export interface CallResult {
  readonly attemptId: string;
  /** The assistant's message as its provider sent it. */
  readonly message: JsonObject;
  readonly finishReason: string | null;
  /** What the task's extractor found; null where the text holds no answer. */
  readonly answer: string | null;
  /** Every attempt of the call, failed ones included. */
  readonly attempts: readonly AttemptSummary[];
  /** Of all responses so far, where the call was to score them and its scorer did not fail. */
  readonly scores?: readonly ScoredAnswer[];
  /** Set where the call has ended the query. */
  readonly ended?: EndedByCall;
}

export interface ScoreInput {
  readonly query: PlanRef;
  readonly stage: number;
  readonly scorer: Plan['scorer'];
  /** Oldest first. */
  readonly responses: readonly (ResponseRef & { readonly model: string })[];
  readonly deadlineAt: number | null;
}

export interface ScoreResult {
  readonly scores: readonly ScoredAnswer[];
  /** What the scorer itself bought. */
  readonly attempts: readonly AttemptSummary[];
}

export interface EndInput {
  readonly query: PlanRef;
  readonly outcome: Outcome;
  readonly served: Served | null;
  readonly servedModel: string | null;
  /** Why there is no answer, in words; null where there is one. */
  readonly failureMessage: string | null;
  readonly judgements: readonly {
    readonly attemptId: string;
    readonly verdict: Verdict | null;
    readonly confidence: number | null;
    readonly threshold: number | null;
  }[];
}

export interface EndResult {
  /** Every attempt of the query as the ledger has it, which is what it cost. */
  readonly attempts: readonly AttemptSummary[];
}

/** A run whose request is to be aborted wherever it is made. */
export interface CancelTarget {
  readonly workflowId: string;
  readonly runId: string;
}

export interface CancelActivities {
  /** @throws while the run has no query: it may be planning one. */
  requestCancel(target: CancelTarget): Promise<'requested' | 'over'>;
}

export interface CascadeActivities {
  /** @param startedMs when the run began, in epoch milliseconds; absent where the query is not to be climbed. */
  plan(request: CascadeRequest, startedMs?: number): Promise<Planned>;
  /** Opens a query again that the ledger has lost before anything was spent on it. */
  restore(request: CascadeRequest, query: PlanRef): Promise<void>;
  call(input: CallInput): Promise<CallResult>;
  score(input: ScoreInput): Promise<ScoreResult>;
  /** @param answer as the workflow has it, to be told to a caller in the worker's process; null where there is none. */
  end(input: EndInput, answer?: CascadeAnswer | null): Promise<EndResult>;
}

/** Where the next sweep goes on with running queries; null for the beginning. */
export type SweepPlace = QueryRef | null;

export interface QueriesSwept {
  readonly looked: number;
  readonly ended: number;
  /** Null when there are no more. */
  readonly next: SweepPlace;
}

export interface CostsSettled {
  readonly settled: number;
  /** Look-ups that a provider did not answer; the worker's log says why. */
  readonly unanswered: number;
}

/** The query that an audit is about. */
export type AuditedQuery = QueryRef;

/** What an audit has to buy: the stages that gave no usable response while the query was served. */
export interface AuditPlan {
  readonly query: PlanRef;
  readonly stages: readonly { readonly stage: number; readonly model: PlannedModel }[];
}

export interface AuditOutcome {
  readonly query: QueryRef;
  /** Why stages gave no response, or why the audit was cut short, in words. */
  readonly problems: readonly string[];
}

/** What came of an audit. It is its workflow's result, as people read it in the UI. */
export interface AuditSummary {
  readonly queryId: string;
  /** Whether the served answer is the last stage's; null where they could not be compared. */
  readonly servedAgrees: boolean | null;
  /** Why not, or which stages gave no response. */
  readonly message: string | null;
}

export interface AuditActivities {
  /** Queries whose audits are to be started, oldest first. */
  dueAudits(): Promise<readonly QueryRef[]>;
  /** Ends audits whose workflow is over, with what they have bought; returns how many. */
  endLostAudits(): Promise<number>;
  /** Null where there is nothing to audit (any more). */
  planAudit(query: QueryRef): Promise<AuditPlan | null>;
  /** Buys one stage, unless it has been bought before. Nothing of the response enters the history. */
  auditCall(input: CallInput): Promise<void>;
  endAudit(outcome: AuditOutcome): Promise<AuditSummary>;
}

export interface FeedbackActivities {
  /** Takes somebody's word on a query's answer, and labels it. Given again it changes nothing. */
  label(feedback: Feedback): Promise<Labelled>;
}

/** The stage that a person is. */
export interface ReviewPlace {
  readonly query: PlanRef;
  readonly stage: number;
}

/** What a person answered; both null where they only judged the proposed answer. */
export interface ReviewResponse {
  readonly message: JsonObject | null;
  readonly answer: string | null;
}

export interface ReviewAsked {
  readonly attemptId: string;
  /** Their word, where another run of the query has had it; else null. */
  readonly said: ReviewResponse | null;
}

export interface ReviewClosed extends ReviewPlace {
  readonly attemptId: string;
  /** The answer that was proposed; null where there was none. */
  readonly judgedAttemptId: string | null;
  readonly end:
    | { readonly type: 'reviewed'; readonly review: Review }
    | { readonly type: 'timeout' }
    | { readonly type: 'cancelled' };
  readonly waitedMs: number;
}

export interface ReviewActivities {
  /** Opens the row of a person's attempt. Null where a budget leaves no room even for what costs nothing. */
  askReview(place: ReviewPlace, waitMs: number): Promise<ReviewAsked | null>;
  /** The review, where it is one. */
  checkReview(review: Review): Promise<Review>;
  /** Closes the row, and labels the responses; null where nobody said anything. */
  closeReview(closed: ReviewClosed): Promise<ReviewResponse | null>;
}

/** What one pass of the watch over quality did. */
export interface WatchSummary {
  /** Audits that entered the evidence. */
  readonly audits: number;
  /** Alarms that were raised. */
  readonly alarms: number;
  /** Certificates that expired. */
  readonly expired: number;
  /** Ids of alarms that nobody was told yet. */
  readonly untold: readonly string[];
}

export interface WatchActivities {
  watch(): Promise<WatchSummary>;
  /** Looks, once a day, for queries unlike those before, and logs them; returns in how many tasks there are such. */
  lookForShifts(): Promise<number>;
  /** Logs an alarm and posts it to the webhook; does nothing where that was done. */
  tellAlarm(alarmId: string): Promise<void>;
}

export interface RelearnActivities {
  /** Learns a task anew and keeps what it came to. */
  learnAnew(task: string): Promise<Relearned>;
  /** Makes a proposal the canary of its task. */
  startProposedCanary(proposalId: string): Promise<Relearned>;
}

export interface SweepActivities {
  /** Closes open attempts whose time is over; returns how many. */
  orphanExpired(): Promise<number>;
  /** Ends running queries whose workflow is over, a page of them after a place. */
  endLostQueries(after: SweepPlace): Promise<QueriesSwept>;
  /** Asks providers that can be asked what requests of the last minutes cost. */
  settleCosts(): Promise<CostsSettled>;
}
