import { ApplicationFailure } from '@temporalio/activity';
import type { FailureKind } from '../core/failure.ts';
import type { JsonObject, Purpose } from '../core/policy.ts';
import { messageText } from '../core/message.ts';
import type { AttemptSummary } from '../core/result.ts';
import { unpackVector } from '../core/vector.ts';
import { isCallFailure } from '../core/work-failure.ts';
import type { KeptResponse } from '../ledger/close-attempt.ts';
import type { EmbedQuestion, JudgeQuestion, JudgeReply, ScoringContext } from '../scorers/scorer.ts';
import { unscored } from './failures.ts';
import type { Ports } from './ports.ts';
import { runCall, type CallToMake } from './run-call.ts';
import type { ScoreInput } from './types.ts';

/** Failures of a request for the text that it holds: asked again, it would fail again. */
const FOR_ITS_TEXT: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'context-too-long',
  'refusal',
  'empty-response',
  'invalid-output',
]);

/** What a scorer may buy, and what it has bought. */
export class ScorersPurse implements ScoringContext {
  readonly signal: AbortSignal;
  /** Everything that was asked for by now, found or bought. */
  readonly bought = new Map<string, AttemptSummary>();
  /** What a request threw: it is not the scorer's own failure. */
  readonly thrown = new Set<unknown>();
  private readonly ports: Ports;
  private readonly input: ScoreInput;
  private earlier: Promise<readonly AttemptSummary[]> | null = null;

  constructor(ports: Ports, input: ScoreInput, signal: AbortSignal) {
    this.ports = ports;
    this.input = input;
    this.signal = signal;
  }

  async ask(question: JudgeQuestion): Promise<JudgeReply> {
    const { messages, parameters, mayFail = false } = question;
    const kept = await this.buy('score', question, { messages, parameters }, mayFail);
    return kept === null
      ? { text: '', logprobs: null }
      : { text: messageText(kept.message), logprobs: kept.logprobs };
  }

  async embed(question: EmbedQuestion): Promise<readonly Float64Array[] | null> {
    const messages = question.texts.map((content) => ({ role: 'user', content }));
    const kept = await this.buy('embed', question, { messages, parameters: {} }, true);
    return kept === null ? null : (kept.message['vectors'] as readonly string[]).map(unpackVector);
  }

  /** A call's failure with everything that was bought beside it, so that the cascade knows what the stage has cost. */
  failureWithAll(error: unknown): unknown {
    if (!(error instanceof ApplicationFailure)) return error;
    const failure: unknown = error.details?.[0];
    if (!isCallFailure(failure)) return error;
    this.take(failure.attempts);
    const { type, message, nonRetryable } = error;
    const { retryAfterMs = null } = failure;
    return ApplicationFailure.create({
      ...{ type: type ?? `provider.${failure.kind}`, message, nonRetryable: nonRetryable ?? false },
      ...(retryAfterMs === null ? {} : { nextRetryDelay: retryAfterMs }),
      details: [{ ...failure, attempts: [...this.bought.values()] }],
    });
  }

  /** @returns null where the model will not answer, and the scorer can do without. */
  private async buy(
    purpose: Purpose,
    { model: name, ordinal, stage = this.input.stage }: Pick<JudgeQuestion, 'model' | 'ordinal' | 'stage'>,
    sent: { readonly messages: readonly JsonObject[]; readonly parameters: JsonObject },
    mayFail: boolean,
  ): Promise<KeptResponse | null> {
    const { query, scorer, deadlineAt } = this.input;
    const model = scorer.models.find((candidate) => candidate.model === name);
    if (model === undefined) {
      throw unscored(
        `the scorer ${scorer.name} asked for the model "${name}", which its policy does not name`,
        [...this.bought.values()],
      );
    }
    const call: CallToMake = { query, purpose, stage, ordinal, model, ...sent, deadlineAt };
    try {
      if (mayFail && (await this.hasFailed(call))) return null;
      const { response, attempts } = await runCall(this.ports, call, this.signal);
      this.take(attempts);
      return response;
    } catch (error) {
      const failure = mayFail && error instanceof ApplicationFailure ? error.details?.[0] : undefined;
      if (isCallFailure(failure) && FOR_ITS_TEXT.has(failure.kind)) {
        this.take(failure.attempts);
        return null;
      }
      this.thrown.add(error);
      throw error;
    }
  }

  /** Whether the same was asked before, and failed for its text: at an earlier stage, or before a crash. */
  private async hasFailed({ purpose, stage, model }: CallToMake): Promise<boolean> {
    this.earlier ??= this.ports.ledger.attemptsOf(this.input.query);
    const same = (await this.earlier).filter(
      (attempt) => attempt.purpose === purpose && attempt.stage === stage && attempt.model === model.model,
    );
    this.take(same);
    return same.some(({ failure }) => failure !== null && FOR_ITS_TEXT.has(failure));
  }

  private take(attempts: readonly AttemptSummary[]): void {
    for (const attempt of attempts) this.bought.set(attempt.attemptId, attempt);
  }
}
