import { extractAnswer, type AnswerSpec } from '../../core/answer.ts';
import type { CascadeAnswer } from '../../client/index.ts';
import type { PolicyModel } from '../../core/policy.ts';
import { priceAt, ratePerMtok, type Price, type Rate } from '../../core/price.ts';
import { formatUsd } from '../../core/money.ts';
import { matchesReference } from '../../core/reference.ts';
import type { RecordedModel, RecordedModels, RecordedResponse } from '../../recorded/format.ts';
import type { BatchLine } from '../jsonl.ts';

/** A served answer as a recorded response; the label comes from the query's reference, by the task's own extractor. */
export function responseOf(
  line: BatchLine,
  model: string,
  answer: CascadeAnswer,
  spec: AnswerSpec,
): RecordedResponse {
  const attempt = answer.attempts.find(({ verdict }) => verdict === 'accepted');
  const correct =
    line.reference === undefined
      ? null
      : matchesReference(extractAnswer(answer.text, spec, 0), line.reference, spec);
  return {
    id: line.id,
    model,
    text: answer.text,
    input_tokens: attempt?.inputTokens ?? 0,
    output_tokens: attempt?.outputTokens ?? 0,
    ...(correct === null ? {} : { correct: correct ? 1 : 0 }),
  };
}

/** The models' prices of today; a model of unknown price is left out, and has to be added by hand before simulating. */
export function recordedModels(
  chain: readonly PolicyModel[],
  pricesOf: (model: PolicyModel) => readonly Price[] | null,
): RecordedModels {
  const models: RecordedModels = {};
  for (const model of chain) {
    const price = priceAt(pricesOf(model) ?? [], new Date());
    if (price === null) continue;
    models[model.model] = recordedModel(model.provider, price);
  }
  return models;
}

/** A price at its lowest tier, as a recorded set states it. */
export function recordedModel(
  provider: string,
  { rates: { input, output, cachedInput }, source }: Pick<Price, 'rates' | 'source'>,
): RecordedModel {
  const usd = (rate: Rate): number => Number(formatUsd(ratePerMtok(rate, 0)));
  return {
    provider,
    input_usd_per_mtok: usd(input),
    output_usd_per_mtok: usd(output),
    ...(cachedInput === undefined ? {} : { cached_input_usd_per_mtok: usd(cachedInput) }),
    source,
  };
}
