import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CascadeEvent, CascadeState, Command, Progress, ScoredAnswer } from '../core/cascade.ts';
import type { JsonObject, Plan } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import type { AttemptSummary } from '../core/result.ts';
import { spendFromJson, sumSpend } from '../core/spend.ts';
import { describeClimb } from './details.ts';

/** What the query has bought so far, from workflow state alone. */
const attemptsQuery = defineQuery<readonly AttemptSummary[]>('attempts');

/** Ends the query: its request is aborted within a second, its row closed, and nothing is served. */
const cancelSignal = defineSignal('cancel');

/** What came of a command, before money and time are added. */
export type Happening<Event = CascadeEvent> = Event extends unknown ? Omit<Event, keyof Progress> : never;

/** What is known of a stage beside the state machine's state. */
export interface StageRecord {
  readonly message?: JsonObject;
  readonly finishReason?: string | null;
  readonly answer?: string | null;
  /** Of all responses up to this one, where its call has scored them. */
  readonly scores?: readonly ScoredAnswer[];
  /** Of the stage's own candidate, when the stage was scored. */
  readonly confidence?: number | null;
  /** In words, for people. */
  readonly failure?: string;
  /** Set where the failure is the ledger's refusal: no money is left for the call. */
  readonly denied?: true;
}

/** A query on its way up: money, time, and what to show to people. The decisions are not here. */
export class Climb {
  /** Commands run in it; the signal `cancel` and Temporal's own cancel both end it. */
  readonly scope: CancellationScope = new CancellationScope();
  readonly stages = new Map<number, StageRecord>();
  private readonly bought = new Map<string, AttemptSummary>();
  private readonly startedMs: number = workflowInfo().runStartTime.getTime();
  readonly request: CascadeRequest;
  /** What is shown: once a person is asked, they are its last stage. */
  plan: Plan;

  constructor(request: CascadeRequest, plan: Plan) {
    this.request = request;
    this.plan = plan;
    setHandler(attemptsQuery, () => this.attempts());
    setHandler(cancelSignal, () => {
      this.scope.cancel();
    });
  }

  /**
   * Waits, once the ledger has told of a cancel, for Temporal's own word of it, which could not be told before this task was
   * over: a query that was cancelled there ends as cancelled, without a task that is thrown away.
   */
  async cancelled(): Promise<void> {
    await CancellationScope.nonCancellable(() =>
      condition(() => this.scope.consideredCancelled, '10 seconds'),
    );
  }

  /** Spend and time so far, as every event of the state machine carries them. */
  progress(): Progress {
    return { spent: sumSpend(this.attempts().map(spendFromJson)), elapsedMs: Date.now() - this.startedMs };
  }

  attempts(): readonly AttemptSummary[] {
    return [...this.bought.values()];
  }

  /** Takes what the ledger says of attempts; a later word on the same attempt wins. */
  buy(attempts: readonly AttemptSummary[]): void {
    for (const attempt of attempts) this.bought.set(attempt.attemptId, attempt);
  }

  note(stage: number, record: StageRecord): void {
    this.stages.set(stage, { ...this.stages.get(stage), ...record });
  }

  /** What came of a command as the state machine takes it; the confidence that a stage's own candidate has got is noted. */
  eventOf(state: CascadeState, happening: Happening): CascadeEvent {
    const newest = state.responses.at(-1);
    if (happening.type === 'scored' && newest !== undefined) {
      const own = happening.scores.find((score) => score.answer === newest.answer);
      this.note(newest.stage, { confidence: newest.answer === null ? 0 : (own?.confidence ?? null) });
    }
    return { ...happening, ...this.progress() };
  }

  /** Tells whoever looks at the workflow where the climb stands. */
  show(state: CascadeState, command: Command): void {
    setCurrentDetails(describeClimb(this.plan, state, command, this.stages, this.attempts()));
  }
}
