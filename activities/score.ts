import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import type { Json, JsonObject } from '../core/policy.ts';
import { messageText } from '../core/message.ts';
import { scoringTimeout } from '../core/stage-work.ts';
import type { AttemptSummary } from '../core/result.ts';
import type { KeptResponse } from '../ledger/close-attempt.ts';
import type { TextItem } from '../ledger/texts.ts';
import { ScorerProblem } from '../scorers/scorer-problem.ts';
import type { Score, ScoredQuery, ScoredResponse } from '../scorers/scorer.ts';
import { ScorersPurse } from './ask-for-scorer.ts';
import { stopped, unscored } from './failures.ts';
import type { Ports } from './ports.ts';
import type { ScoreInput, ScoreResult } from './types.ts';
import { within } from './within.ts';

/** A service that has a time limit of its own says better what it took. */
const TELLING_MS = 5_000;

export type Texts = ReadonlyMap<TextItem, Json>;

/**
 * Scores every response so far. What a scorer buys is billed like any call: a judge's with purpose `score`, an embedder's with `embed`.
 * @throws {ApplicationFailure} `escalier.unscored` when the scorer itself fails; a judge's own failures pass as they are.
 */
export async function score(
  ports: Ports,
  input: ScoreInput,
  texts: Texts,
  signal: AbortSignal,
): Promise<ScoreResult> {
  const { query, responses } = scoredTexts(input, texts);
  const scoreAll = await scorerOf(ports, input);
  const purse = new ScorersPurse(ports, input, signal);
  const bought = (): AttemptSummary[] => [...purse.bought.values()];
  try {
    const limitMs = scoringTimeout(input.scorer);
    const scoring = async () => scoreAll(query, responses, purse);
    const scores = limitMs === 0 ? await scoring() : await within(limitMs + TELLING_MS, scoring);
    return { scores, attempts: bought() };
  } catch (error) {
    // Of a call: the vendor's failure has its name, and a ledger that is away is worth another try.
    if (purse.thrown.has(error)) throw purse.failureWithAll(error);
    if (error instanceof ApplicationFailure || error instanceof CancelledFailure) throw error;
    if (signal.aborted) throw stopped(signal);
    const message = error instanceof Error ? error.message : String(error);
    throw unscored(`the scorer ${input.scorer.name} failed: ${message}`, bought());
  }
}

/** The texts that scoring reads. */
export function textsToScore({ ledger }: Ports, { query, responses }: ScoreInput): Promise<Texts> {
  return ledger.textsOf(query, ['request', ...responses.map(({ attemptId }) => attemptId)]);
}

/** What the scorer needs was there when the query was planned; another worker may have to fetch it again. */
async function scorerOf(ports: Ports, { scorer }: ScoreInput): Promise<Score> {
  try {
    return await ports.scorer(scorer);
  } catch (error) {
    if (error instanceof ScorerProblem) throw unscored(error.message, []);
    throw error;
  }
}

function scoredTexts(input: ScoreInput, texts: Texts): { query: ScoredQuery; responses: ScoredResponse[] } {
  const text = (item: string): unknown => {
    const found = texts.get(item);
    if (found === undefined) {
      throw unscored(
        `the text of ${item} is gone: the query had ended, and its task retains "${input.query.retention}"`,
        [],
      );
    }
    return found;
  };
  const request = text('request') as { messages: readonly JsonObject[]; parameters: JsonObject };
  return {
    query: { task: input.query.task, ...request },
    responses: input.responses.map(({ stage, model, answer, attemptId }) => {
      const { message, finishReason, logprobs } = text(attemptId) as KeptResponse;
      return { stage, model, answer, text: messageText(message), finishReason, logprobs };
    }),
  };
}
