import type { Picodollars } from '../../core/money.ts';
import { costOf, priceAt, type Price, type Rates } from '../../core/price.ts';
import { addSpend, NOTHING, sumSpend, type Spend } from '../../core/spend.ts';
import { NO_USAGE, type Usage } from '../../core/usage.ts';
import type { Queryable } from '../database.ts';
import { lastStageRows, type LastStageGroup } from './last-stage-rows.ts';
import type { ReportRange } from './range.ts';

export interface LastStage extends ReportRange {
  /** The task is needed here: its chain is what has a last stage. */
  readonly task: string;
  /** The last stage's model, by its name in the settings. */
  readonly model: string;
  /** Its price book; null or empty where its price is unknown. */
  readonly prices: readonly Price[] | null;
  /** The most that a request to it may put out; null where nothing limits it. */
  readonly maxOutputTokens: number | null;
}

export interface AlwaysLastStage {
  /** Ended queries that reached the last stage: compared by what it cost them. */
  readonly reached: number;
  /** Ended queries that stopped before it: compared by bounds. */
  readonly stoppedBefore: number;
  /** Ended queries that are in neither figure: no stage gave a usable response with a count of its input tokens. */
  readonly leftOut: number;
  /** What calling only the last stage would have cost the compared queries. */
  readonly alwaysLast: Spend;
  /** What the compared queries did cost, with every purpose but audits. */
  readonly actual: Spend;
}

/**
 * What a task's ended queries would have cost had the last stage always been called, as bounds, beside what they did cost.
 * A query that reached the last stage counts with its serve spend there. For another, the input tokens of its first usable
 * response are priced at the last model's rates of that time, uncached: the low bound with no output at all, the high
 * bound with `maxOutputTokens` (null when that, or the price, is not known).
 *
 * No point value is given. What the last model would have cost on queries that stopped early is not observed, and taking
 * the mean of those that escalated for it would be wrong: the queries that escalate are dearer, so that it would overstate
 * the savings. Two things the bounds cannot know: the last model's tokenizer may count the same input differently, and
 * its provider may have had part of it cached.
 */
export async function alwaysLastStage(db: Queryable, last: LastStage): Promise<AlwaysLastStage> {
  const prices = last.prices ?? [];
  const byTime = prices.some(
    (price) => price.from !== null || price.until !== undefined || price.daily !== null,
  );
  const groups = await lastStageRows(db, { ...last, byTime });
  const reached = groups.filter((group) => group.reached);
  const stopped = groups.filter((group) => !group.reached && group.inputTokens !== null);
  const leftOut = groups.filter((group) => !group.reached && group.inputTokens === null);
  return {
    reached: countOf(reached),
    stoppedBefore: countOf(stopped),
    leftOut: countOf(leftOut),
    alwaysLast: addSpend(
      sumSpend(reached.map((group) => group.atLastStage)),
      sumSpend(stopped.map((group) => times(group.queries, boundsOf(group, prices, last.maxOutputTokens)))),
    ),
    actual: sumSpend([...reached, ...stopped].map((group) => group.actual)),
  };
}

function boundsOf(group: LastStageGroup, prices: readonly Price[], maxOutputTokens: number | null): Spend {
  // Without times in the book any instant finds the same row.
  const price = priceAt(prices, group.at ?? new Date(0));
  if (price === null) return { ...NOTHING, high: null };
  const input = { ...NO_USAGE, inputTokens: group.inputTokens ?? 0 };
  return {
    low: costOf(input, price.rates),
    high: maxOutputTokens === null ? null : dearest(input, maxOutputTokens, price.rates),
  };
}

/** Output is visible or hidden reasoning, whichever is dearer. */
function dearest(input: Usage, outputTokens: number, rates: Rates): Picodollars {
  const visible = costOf({ ...input, outputTokens }, rates);
  const reasoning = costOf({ ...input, outputTokens, reasoningTokens: outputTokens }, rates);
  return visible > reasoning ? visible : reasoning;
}

function times(count: number, { low, high }: Spend): Spend {
  return { low: BigInt(count) * low, high: high === null ? null : BigInt(count) * high };
}

function countOf(groups: readonly LastStageGroup[]): number {
  return groups.reduce((sum, group) => sum + group.queries, 0);
}
