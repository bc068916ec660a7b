import { parseUsd } from '../../core/money.ts';
import type { AnswerSpec } from '../../core/answer.ts';
import { lastNumber } from '../../core/answer.ts';
import type { Policy, PolicyModel } from '../../core/policy.ts';
import { expectedUsdPerMtok } from '../../providers/price-book.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import type { RecordedSet } from '../../recorded/read.ts';

/** The provider's name under which the demo's worker reaches the replay provider. */
export const REPLAY = 'replay';

/** Two of three equally good answers stop the climb: see `scorers/agreement.ts`. */
const AGREEMENT_OF_TWO = 0.6;
/** A first stage that costs more than this share of the last one saves little when it is wrong. */
const CHEAP = 0.15;
const OUTPUT_LIMIT = 4096;
const PROFILE = { input: 3, output: 1, cachedInput: 0 };

/**
 * A chain for a recorded set, chosen by a plain rule on its train half: last, the most accurate model; before it, the two
 * most accurate of those that cost at most {@link CHEAP} of it. It is a rule of thumb for a demonstration, and no search.
 */
export function chooseChain(set: RecordedSet): string[] {
  const models = Object.entries(set.models).filter(([, model]) => model.hidden_reasoning_tokens !== true);
  const ranked = models
    .map(([model]) => ({ model, accuracy: trainAccuracy(set, model), price: priceOf(set, model) }))
    .sort((a, b) => b.accuracy - a.accuracy || (a.price < b.price ? -1 : 1));
  const last = ranked[0];
  if (last === undefined) throw new Error('the recorded set names no models in models.json');
  const cheap = ranked
    .filter(({ model, price }) => model !== last.model && Number(price) <= CHEAP * Number(last.price))
    .slice(0, 2);
  return [...cheap, last]
    .sort((a, b) => (a.price < b.price ? -1 : a.price > b.price ? 1 : 0))
    .map(({ model }) => model);
}

function trainAccuracy(set: RecordedSet, model: string): number {
  const train = set.queries.filter((query) => query.split !== 'test');
  const labels = train.map(({ id }) => set.responses.get(model)?.get(id)?.correct ?? 0);
  return labels.reduce<number>((sum, label) => sum + label, 0) / Math.max(1, labels.length);
}

function priceOf(set: RecordedSet, model: string): bigint {
  return parseUsd(expectedPrice(set, model));
}

function expectedPrice(set: RecordedSet, model: string): string {
  const recorded = set.models[model];
  if (recorded === undefined) throw new Error(`models.json does not name ${model}`);
  return expectedUsdPerMtok(recordedPrices(recorded), new Date(), PROFILE) ?? '0';
}

/** The policy that the demo serves with, and the simulator simulates. */
export function demoPolicy(set: RecordedSet, chain: readonly string[]): Policy {
  const task = set.queries[0]?.task;
  if (task === undefined) throw new Error('the recorded set has no queries');
  return {
    task,
    chain: chain.map((model) => demoModel(set, model)),
    thresholds: chain.map(() => AGREEMENT_OF_TWO),
    scorer: { name: 'agreement', options: { prior: 1 }, models: [], remote: false, scoresLastStage: true },
    answer: answerSpec(set),
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    tokenProfile: PROFILE,
  };
}

function demoModel(set: RecordedSet, model: string): PolicyModel {
  const recorded = set.models[model];
  if (recorded === undefined) throw new Error(`models.json does not name ${model}`);
  return {
    model,
    provider: REPLAY,
    modelId: model,
    parameters: {},
    maxOutputTokens: OUTPUT_LIMIT,
    timeoutMs: 60_000,
    maxAttempts: 3,
    stream: false,
    price: recordedPrices(recorded),
    expectedUsdPerMtok: expectedPrice(set, model),
  };
}

/** Recorded answers stand in a JSON object; numbers are compared as numbers. */
function answerSpec(set: RecordedSet): AnswerSpec {
  const numeric = set.queries.every(
    ({ reference }) => reference === undefined || lastNumber(reference) === reference.replaceAll(',', ''),
  );
  return { from: 'json', pointer: '/answer', normalise: numeric ? 'number' : 'loose' };
}
