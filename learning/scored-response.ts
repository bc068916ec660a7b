import type { RecordedResponse } from '../recorded/format.ts';
import type { ScoredResponse } from '../scorers/scorer.ts';

/** A recorded response as a scorer sees it. A set holds only responses that were completed. */
export function responseToScore(
  recorded: RecordedResponse,
  stage: number,
  answer: string | null,
): ScoredResponse {
  return {
    stage,
    model: recorded.model,
    answer,
    text: recorded.text,
    finishReason: 'stop',
    logprobs: recorded.logprobs ?? null,
  };
}
