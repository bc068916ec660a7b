import { costOf } from '../core/price.ts';
import { exactly } from '../core/spend.ts';
import { stageWorth, type StageWorth } from '../core/stage-worth.ts';
import { withoutStep } from '../core/stop-rule.ts';
import type { RecordedQuery, RecordedResponse } from '../recorded/format.ts';
import { recordedUsage } from '../recorded/usage.ts';
import { pairedDifference, queriesNeeded, type PairedDifference } from './paired.ts';
import { pairedShares, sharesNeeded, type PairedShares } from './paired-shares.ts';
import { simulateQuery, type SimulatedPolicy, type SimulatedQuery } from './simulate.ts';

export type StageVerdict =
  /** Cheaper without it, and not worse by more than α. */
  | { readonly type: 'loses' }
  /** It stops too few to pay by the book, and the cascade is cheaper with it all the same. */
  | { readonly type: 'vote-pays' }
  | { readonly type: 'pays' }
  /** Cheaper without it and worse by more than α, or dearer without it and better by more than α: money against accuracy. */
  | { readonly type: 'trade' }
  /** `more` labelled queries would tell, if nothing else changed; null where that cannot be said. */
  | { readonly type: 'cannot-tell'; readonly more: number | null };

/** What a stage is worth on recorded responses: the policy with it against the same policy without it. */
export interface StageValue {
  readonly stage: number;
  readonly model: string;
  readonly reached: number;
  /** The book's view, with D as it is: every query that reached the stage is simulated without it. */
  readonly book: StageWorth;
  /** Picodollars per query: with the stage minus without it. */
  readonly cost: PairedDifference;
  /** Share of right answers: with the stage minus without it, over queries labelled both ways. */
  readonly accuracy: PairedShares;
  readonly verdict: StageVerdict;
}

/**
 * Each stage of a chain of two or more. An answer that is not served counts as wrong: what matters is what callers get.
 * @param alpha how much accuracy may be lost, as a share: 0.01 is one point.
 * @throws {Error} when the set lacks a response that is asked for, or the scorer asks a model.
 */
export async function stageValues(
  policy: SimulatedPolicy,
  queries: readonly RecordedQuery[],
  response: (model: string, queryId: string) => RecordedResponse | undefined,
  alpha: number,
): Promise<StageValue[]> {
  if (policy.stages.length < 2) return [];
  const run = (simulated: SimulatedPolicy): Promise<SimulatedQuery[]> =>
    Promise.all(
      queries.map((query) => simulateQuery(simulated, query, (model) => response(model, query.id))),
    );
  const whole = await run(policy);
  const values: StageValue[] = [];
  for (const [stage, { model }] of policy.stages.entries()) {
    const without = await run(withoutStage(policy, stage));
    const cost = pairedDifference(whole.map((query, at) => Number(query.cost - (without[at]?.cost ?? 0n))));
    const accuracy = pairedShares(
      whole.flatMap((query, at) => {
        const other = without[at];
        return isLabelled(query) && other !== undefined && isLabelled(other)
          ? [right(query) - right(other)]
          : [];
      }),
    );
    const book = bookWorth(policy, stage, whole, without, response);
    values.push({
      ...{ stage, model, reached: whole.filter(({ calls }) => calls > stage).length, book, cost, accuracy },
      verdict: verdictOf(cost, accuracy, book, alpha),
    });
  }
  return values;
}

function withoutStage(policy: SimulatedPolicy, stage: number): SimulatedPolicy {
  const others = <Item>(items: readonly Item[]): Item[] => items.filter((_item, at) => at !== stage);
  const { stopRule, modelAccuracy, worstCases } = policy;
  return {
    ...policy,
    stages: others(policy.stages),
    thresholds: others(policy.thresholds),
    ...(stopRule === undefined ? {} : { stopRule: withoutStep(stopRule, stage) }),
    ...(modelAccuracy === undefined ? {} : { modelAccuracy: others(modelAccuracy) }),
    prices: others(policy.prices),
    ...(worstCases === undefined ? {} : { worstCases: (query) => others(worstCases(query)) }),
  };
}

function bookWorth(
  policy: SimulatedPolicy,
  stage: number,
  whole: readonly SimulatedQuery[],
  without: readonly SimulatedQuery[],
  response: (model: string, queryId: string) => RecordedResponse | undefined,
): StageWorth {
  const call = (at: number, id: string): bigint => {
    const recorded = response(policy.stages[at]?.model ?? '', id);
    const price = policy.prices[at];
    return recorded === undefined || price === undefined ? 0n : costOf(recordedUsage(recorded), price.rates);
  };
  const reached = whole.flatMap((query, at) => (query.calls > stage ? [{ query, other: without[at] }] : []));
  const endedHere = reached.filter(({ query }) => query.calls === stage + 1);
  const wentOn = reached.filter(({ query }) => query.calls > stage + 1);
  const own = reached.reduce((sum, { query }) => sum + call(stage, query.id), 0n);
  const scoring = ({ scoring: all }: SimulatedQuery, at: number): bigint => {
    const { judging = 0n, embedding = 0n } = all?.[at] ?? {};
    return judging + embedding;
  };
  /** What queries spend from this stage on, had it not been there. */
  const toGo = (from: typeof reached): bigint =>
    from.reduce((sum, { query, other }) => {
      let before = 0n;
      for (let at = 0; at < stage; at++) before += call(at, query.id) + scoring(query, at);
      return sum + (other?.cost ?? 0n) - before;
    }, 0n);
  return stageWorth(
    {
      ...{ reached: reached.length, endedHere: endedHere.length, wentOn: wentOn.length },
      stopped: endedHere.filter(({ query }) => query.outcome === 'accepted').length,
      ...{ serve: exactly(own), toGo: exactly(toGo(wentOn)) },
      scoring: exactly(reached.reduce((sum, { query }) => sum + scoring(query, stage), 0n)),
    },
    exactly(toGo(endedHere)),
  );
}

function verdictOf(
  cost: PairedDifference,
  accuracy: PairedShares,
  book: StageWorth,
  alpha: number,
): StageVerdict {
  const dearer = cost.low > 0;
  const cheaper = cost.high < 0;
  if (dearer && accuracy.high < alpha) return { type: 'loses' };
  if (cheaper && accuracy.low > -alpha) return { type: book.verdict === 'below' ? 'vote-pays' : 'pays' };
  if ((dearer && accuracy.low > alpha) || (cheaper && accuracy.high < -alpha)) return { type: 'trade' };
  const boundary = cost.mean > 0 ? alpha : -alpha;
  const open = [
    ...(dearer || cheaper ? [] : [queriesNeeded(cost, 0)]),
    ...((cost.mean > 0 ? accuracy.high < alpha : accuracy.low > -alpha)
      ? []
      : [sharesNeeded(accuracy, boundary)]),
  ];
  const more = open.includes(null) ? null : Math.max(1, ...open.map((count) => count ?? 0));
  return { type: 'cannot-tell', more };
}

function isLabelled({ servedStage, correct }: SimulatedQuery): boolean {
  return servedStage === null || correct !== null;
}

function right({ correct }: SimulatedQuery): number {
  return correct === true ? 1 : 0;
}
