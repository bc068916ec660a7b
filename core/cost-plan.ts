/**
 * What a cascade would cost on paper, before anything is called: expected values over many queries. A query reaches a stage
 * when no stage before it accepted; it pays for every stage that it reaches, retries and scoring included.
 */
import { parseUsd, type DecimalUsd, type Picodollars } from './money.ts';
import { costOf, type Rates } from './price.ts';
import { NO_USAGE } from './usage.ts';

export interface PlannedTraffic {
  /** Queries in the period that is planned, such as a month. */
  readonly requests: number;
  /** Tokens of a query at the first stage. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Share of the input that is read from the vendor's cache, in [0, 1]. */
  readonly cachedShare: number;
  /** Extra requests per call, such as 0.02 for one retry in fifty calls. */
  readonly retryRate: number;
  /** Output tokens of a query after the first stage, relative to `outputTokens`: queries that escalate are longer. */
  readonly escalatedLength: number;
  /** What scoring one response costs; every stage but the last is scored. */
  readonly scorerUsd: DecimalUsd;
}

export interface PlannedStage {
  readonly model: string;
  readonly rates: Rates;
  /** Share of the queries that reach the stage and stop there, in [0, 1]; 1 at the last stage. */
  readonly acceptance: number;
}

export interface StageCost {
  readonly model: string;
  /** Share of all queries that reach it. */
  readonly reached: number;
  readonly cost: Picodollars;
  readonly scoring: Picodollars;
}

export interface CostPlan {
  readonly stages: readonly StageCost[];
  readonly total: Picodollars;
  /** What stages cost whose answer was not served: the price of having asked the cheaper model first. */
  readonly paidTwice: Picodollars;
  /** Per million tokens of input and output together, as if each query had been answered once. */
  readonly blendedPerMtok: Picodollars;
}

/** Shares are kept to a billionth, so that money stays whole. */
const SHARE_SCALE = 1_000_000_000;

/**
 * Expected cost of a cascade.
 * @throws {RangeError} that names the figure when a share is not in [0, 1], a count is negative, or the chain is empty.
 */
export function planCascade(traffic: PlannedTraffic, chain: readonly PlannedStage[]): CostPlan {
  requireFigures(traffic, chain);
  const stages: StageCost[] = [];
  let reached = 1;
  let paidTwice = 0n;
  for (const [index, stage] of chain.entries()) {
    const last = index === chain.length - 1;
    const accepted = last ? 1 : stage.acceptance;
    const cost = times(
      callCost(traffic, stage.rates, index > 0),
      traffic.requests,
      reached * (1 + traffic.retryRate),
    );
    const scoring = last ? 0n : times(parseUsd(traffic.scorerUsd), traffic.requests, reached);
    stages.push({ model: stage.model, reached, cost, scoring });
    // Of those that go on, everything was paid for an answer that is not served; of the others, the retries were.
    const served = times(callCost(traffic, stage.rates, index > 0), traffic.requests, reached * accepted);
    paidTwice += cost - served + scoring;
    reached *= 1 - accepted;
  }
  const total = stages.reduce((sum, stage) => sum + stage.cost + stage.scoring, 0n);
  const tokens = BigInt(Math.round(traffic.requests)) * BigInt(traffic.inputTokens + traffic.outputTokens);
  return { stages, total, paidTwice, blendedPerMtok: tokens === 0n ? 0n : (total * 1_000_000n) / tokens };
}

/**
 * Expected cost of a split before the call: each model gets its share of the queries and answers them for good. It assumes
 * a router that is never wrong and costs nothing, which no router is: a cascade pays for finding out.
 */
export function planSplit(
  traffic: PlannedTraffic,
  shares: readonly { readonly rates: Rates; readonly share: number }[],
): Picodollars {
  const sum = shares.reduce((total, { share }) => total + share, 0);
  if (Math.abs(sum - 1) > 1e-6) throw new RangeError(`the shares of the split add up to ${sum}, not to 1`);
  return shares.reduce(
    (total, { rates, share }) =>
      total + times(callCost(traffic, rates, false), traffic.requests, share * (1 + traffic.retryRate)),
    0n,
  );
}

/**
 * The acceptance rate from which asking `first` before `second` is cheaper than asking `second` alone: the cost of the
 * first call and its scoring over the cost of the second call. Above 1 it can never pay by itself.
 */
export function breakEvenAcceptance(traffic: PlannedTraffic, first: Rates, second: Rates): number {
  const before = Number(callCost(traffic, first, false) + parseUsd(traffic.scorerUsd));
  return before / Number(callCost(traffic, second, true));
}

function callCost(traffic: PlannedTraffic, rates: Rates, escalated: boolean): Picodollars {
  const { inputTokens, outputTokens, cachedShare, escalatedLength } = traffic;
  return costOf(
    {
      ...NO_USAGE,
      inputTokens,
      cachedInputTokens: Math.round(inputTokens * cachedShare),
      outputTokens: Math.round(outputTokens * (escalated ? escalatedLength : 1)),
    },
    rates,
  );
}

function times(amount: Picodollars, requests: number, share: number): Picodollars {
  return (
    (amount * BigInt(Math.round(requests)) * BigInt(Math.round(share * SHARE_SCALE))) / BigInt(SHARE_SCALE)
  );
}

function requireFigures(traffic: PlannedTraffic, chain: readonly PlannedStage[]): void {
  if (chain.length === 0) throw new RangeError('the chain is empty: it needs at least one model');
  const { requests, inputTokens, outputTokens, retryRate, escalatedLength, cachedShare } = traffic;
  for (const [name, value] of Object.entries({
    requests,
    inputTokens,
    outputTokens,
    retryRate,
    escalatedLength,
  })) {
    if (!(value >= 0) || !Number.isFinite(value))
      throw new RangeError(`${name} is ${value}: expected 0 or more`);
  }
  const shares = [
    ...chain.map(({ model, acceptance }) => [`the acceptance of ${model}`, acceptance] as const),
  ];
  for (const [name, share] of [...shares, ['cachedShare', cachedShare] as const]) {
    if (!(share >= 0 && share <= 1))
      throw new RangeError(`${name} is ${share}: expected a share from 0 to 1`);
  }
}
