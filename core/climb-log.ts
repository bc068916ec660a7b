import type { CascadeEvent, CascadeState, Command, Finish, Happening, ScoredAnswer } from './cascade.ts';
import type { JsonObject } from './policy.ts';
import type { AttemptSummary } from './result.ts';
import { addSpend, NOTHING, spendFromJson, sumSpend, type Spend } from './spend.ts';

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

/** What came of a command of the state machine. */
export interface StageOutcome {
  readonly happening: Happening;
  /** What the ledger says of the attempts that it took. */
  readonly attempts: readonly AttemptSummary[];
  /** What is known of its stage by now. */
  readonly record: StageRecord;
  /** Set where the query has been ended in the ledger with it. */
  readonly ended?: EndedByCall;
}

/** How a call has ended its query in the ledger. */
export interface EndedByCall {
  readonly finish: Finish;
  /** Every attempt of the query. */
  readonly attempts: readonly AttemptSummary[];
}

/** The query was cancelled before the command was carried out. */
export const CANCELLED: StageOutcome = { happening: { type: 'cancelled' }, attempts: [], record: {} };

/** What a call gives that was answered: attempts, what is known of its stage, and the query's end where it came with it. */
export type Answered = { readonly attemptId: string } & Pick<StageOutcome, 'attempts' | 'ended'> &
  StageRecord;

/** What came of a call that was answered. */
export function answeredBy({ attemptId, attempts, ended, ...record }: Answered): StageOutcome {
  return {
    happening: { type: 'answered', attemptId, answer: record.answer ?? null },
    attempts,
    record,
    ...(ended === undefined ? {} : { ended }),
  };
}

/** What came of scoring. */
export function scoredBy(
  scores: readonly ScoredAnswer[],
  attempts: readonly AttemptSummary[] = [],
): StageOutcome {
  return { happening: { type: 'scored', scores }, attempts, record: {} };
}

/** What a query has bought and heard on its way up; the decisions are not here. */
export class ClimbLog {
  readonly stages = new Map<number, StageRecord>();
  private readonly bought = new Map<string, AttemptSummary>();
  private readonly spentBefore: Spend;

  /** @param spentBefore on attempts that are not told. */
  constructor(spentBefore: Spend = NOTHING) {
    this.spentBefore = spentBefore;
  }

  attempts(): readonly AttemptSummary[] {
    return [...this.bought.values()];
  }

  spent(): Spend {
    return addSpend(this.spentBefore, sumSpend(this.attempts().map(spendFromJson)));
  }

  /** Takes what the ledger says of attempts; a later word on the same attempt wins. */
  buy(attempts: readonly AttemptSummary[]): void {
    for (const attempt of attempts) this.bought.set(attempt.attemptId, attempt);
  }

  note(stage: number, record: StageRecord): void {
    this.stages.set(stage, { ...this.stages.get(stage), ...record });
  }

  /** The scores of a stage whose call has scored it too; null where its command is still to be carried out. */
  scored(command: Command): StageOutcome | null {
    const scores = command.type === 'score' ? this.stages.get(command.stage)?.scores : undefined;
    return scores === undefined ? null : scoredBy(scores);
  }

  /** Notes what came of the state's command, and gives it as the state machine takes it. */
  take(state: CascadeState, { happening, attempts, record }: StageOutcome, elapsedMs: number): CascadeEvent {
    this.buy(attempts);
    this.note(state.stage, record);
    const newest = state.responses.at(-1);
    if (happening.type === 'scored' && newest !== undefined) {
      const own = happening.scores.find((score) => score.answer === newest.answer);
      this.note(newest.stage, { confidence: newest.answer === null ? 0 : (own?.confidence ?? null) });
    }
    return { ...happening, spent: this.spent(), elapsedMs };
  }
}
