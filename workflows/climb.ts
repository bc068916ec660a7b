import {
  CancellationScope,
  condition,
  defineQuery,
  defineSignal,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { Climbed } from '../activities/types.ts';
import { step, type CascadeState, type Command, type Decision, type Progress } from '../core/cascade.ts';
import { ClimbLog, type StageOutcome } from '../core/climb-log.ts';
import type { Plan } from '../core/policy.ts';
import type { CascadeRequest } from '../core/request.ts';
import type { AttemptSummary } from '../core/result.ts';
import { describeClimb } from './details.ts';

/** What the query has bought so far, from workflow state alone. */
const attemptsQuery = defineQuery<readonly AttemptSummary[]>('attempts');

/** Ends the query: its request is aborted within a second, its row closed, and nothing is served. */
const cancelSignal = defineSignal('cancel');

/** A query on its way up: money, time, and what to show to people. The decisions are not here. */
export class Climb extends ClimbLog {
  /** Commands run in it; the signal `cancel` and Temporal's own cancel both end it. */
  readonly scope: CancellationScope = new CancellationScope();
  readonly startedMs: number = workflowInfo().runStartTime.getTime();
  readonly request: CascadeRequest;
  /** What came of the commands that planning carried out as well, as far as they are not taken yet. */
  private made: Climbed['outcomes'] = [];
  /** Of what was taken last; null for now. */
  private elapsedMs: number | null = null;
  /** Milliseconds before a command that has failed in planning's hands is carried out again. */
  private retryInMs: number | null = null;
  /** Every attempt, where planning or a call has ended the query in the ledger; else null. */
  ended: readonly AttemptSummary[] | null = null;

  constructor(request: CascadeRequest) {
    super();
    this.request = request;
    setHandler(attemptsQuery, () => this.attempts());
    setHandler(cancelSignal, () => {
      this.scope.cancel();
    });
  }

  /** What the planning activity has done beside planning. */
  begin({ elapsedMs, outcomes, retryInMs, ended }: Climbed): void {
    this.made = outcomes;
    this.elapsedMs = elapsedMs;
    this.retryInMs = retryInMs ?? null;
    this.ended = ended ?? null;
  }

  /** What came of the next command, where planning has carried it out; null where it is still to be done. */
  next(): StageOutcome | null {
    const [outcome, ...later] = this.made;
    this.made = later;
    this.elapsedMs = outcome?.elapsedMs ?? null;
    return outcome ?? null;
  }

  /** Milliseconds that the command at hand is to wait for, since planning has failed with it; null elsewhere. */
  takeRetry(): number | null {
    const retryInMs = this.retryInMs;
    this.retryInMs = null;
    return retryInMs;
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
    return { spent: this.spent(), elapsedMs: this.elapsed() };
  }

  /** What follows from what came of a command: where that has ended the query in the ledger, it has said what. */
  decide(plan: Plan, state: CascadeState, outcome: StageOutcome): Decision {
    const event = this.take(state, outcome, this.elapsed());
    const { ended } = outcome;
    if (ended === undefined) return step(plan, state, event);
    this.ended = ended.attempts;
    const { finish, attempts } = ended;
    for (const { purpose, stage, confidence } of attempts) {
      if (purpose === 'serve' && confidence !== null) this.note(stage, { confidence });
    }
    const threshold = finish.served?.threshold;
    const heldTo =
      plan.stopRule === undefined || threshold === undefined
        ? {}
        : { heldTo: { ...state.heldTo, [state.stage]: threshold } };
    return { state: { ...state, phase: 'finished', ...heldTo }, command: finish };
  }

  private elapsed(): number {
    return this.elapsedMs ?? Date.now() - this.startedMs;
  }

  /** Tells whoever looks at the workflow where the climb stands. */
  show(plan: Plan, state: CascadeState, command: Command): void {
    setCurrentDetails(describeClimb(plan, state, command, this.stages, this.attempts()));
  }
}
