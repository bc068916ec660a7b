import { baselineBounds } from '../../core/baseline.ts';
import type { PastQuery } from '../../core/past-query.ts';
import type { PolicyModel } from '../../core/policy.ts';
import type { Price } from '../../core/price.ts';
import { addSpend, NOTHING, sumSpend, type Spend } from '../../core/spend.ts';
import type { UnknownReason } from './evidence.ts';
import type { ReDecision } from './re-decide.ts';

/** Queries of one class: what they were, which the ledger knows. */
export interface AsItWas {
  readonly queries: number;
  readonly cost: Spend;
  /** Served answers with a label, and those of them that are right. */
  readonly labelled: number;
  readonly correct: number;
}

/** What another policy would have made of past queries, each class by itself: sums over two classes would mean nothing. */
export interface WhatIfTally {
  readonly exact: {
    readonly then: AsItWas;
    /** Of the same queries. */
    readonly cost: Spend;
    readonly labelled: number;
    readonly correct: number;
    /** Queries that would have served another response, or none. */
    readonly servedOtherwise: number;
  };
  readonly bounded: {
    readonly then: AsItWas;
    /** At least the next stage's input, at most what all stages to the end of the chain can cost. Accuracy: in [0, 1]. */
    readonly cost: Spend;
  };
  readonly unknown: {
    readonly then: AsItWas;
    readonly reasons: Readonly<Partial<Record<UnknownReason, number>>>;
  };
}

const NONE: AsItWas = { queries: 0, cost: NOTHING, labelled: 0, correct: 0 };
export const EMPTY_TALLY: WhatIfTally = {
  exact: { then: NONE, cost: NOTHING, labelled: 0, correct: 0, servedOtherwise: 0 },
  bounded: { then: NONE, cost: NOTHING },
  unknown: { then: NONE, reasons: {} },
};

/**
 * Adds a query to its class.
 * @param served the label of what the query served; null where there is none.
 * @param bound what the calls that were not made can cost, for a bounded decision.
 */
export function tallied(
  tally: WhatIfTally,
  query: PastQuery,
  decision: ReDecision,
  served: boolean | null,
  bound: Spend,
): WhatIfTally {
  const then = (before: AsItWas): AsItWas => ({
    queries: before.queries + 1,
    cost: addSpend(before.cost, sumSpend(query.attempts.map(({ spend }) => spend))),
    labelled: before.labelled + (served === null ? 0 : 1),
    correct: before.correct + (served === true ? 1 : 0),
  });
  switch (decision.class) {
    case 'exact': {
      const { exact } = tally;
      return {
        ...tally,
        exact: {
          then: then(exact.then),
          cost: addSpend(exact.cost, decision.cost),
          labelled: exact.labelled + (decision.correct === null ? 0 : 1),
          correct: exact.correct + (decision.correct === true ? 1 : 0),
          servedOtherwise:
            exact.servedOtherwise + (decision.servedAttemptId === query.servedAttemptId ? 0 : 1),
        },
      };
    }
    case 'bounded': {
      const cost = addSpend(tally.bounded.cost, addSpend(decision.spent, bound));
      return { ...tally, bounded: { then: then(tally.bounded.then), cost } };
    }
    case 'unknown': {
      const { then: before, reasons } = tally.unknown;
      const { reason } = decision;
      return {
        ...tally,
        unknown: { then: then(before), reasons: { ...reasons, [reason]: (reasons[reason] ?? 0) + 1 } },
      };
    }
  }
}

/** A model that was not called, with the price rows that it is billed by; null where they are not known. */
export interface Uncalled {
  readonly model: PolicyModel;
  readonly book: readonly Price[] | null;
}

/**
 * What the stages from the first uncalled one on can cost: at least that one's input and nothing more, at most one request
 * of each with as much output as it may put out. Not in it: retries, and a judge's calls where `judged`, so that there is no
 * upper bound then. Input tokens are those that the query's last response had: another tokenizer may count differently.
 */
export function boundOfUncalled(query: PastQuery, uncalled: readonly Uncalled[], judged: boolean): Spend {
  const tokens = query.attempts.findLast(
    (attempt) => attempt.purpose === 'serve' && attempt.inputTokens !== null,
  );
  const input = tokens?.inputTokens ?? null;
  if (input === null) return { low: 0n, high: null };
  const bounds = uncalled.map(({ model, book }) =>
    baselineBounds(
      {
        day: query.startedAt.slice(0, 10),
        ...{ inputOver: Math.max(0, input - 1), inputUpTo: input, queries: 1, inputTokens: BigInt(input) },
      },
      book,
      model.maxOutputTokens,
    ),
  );
  return { low: bounds[0]?.low ?? 0n, high: judged ? null : sumSpend(bounds).high };
}
