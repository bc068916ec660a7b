import { displayUsd, type Picodollars } from '../core/money.ts';
import { displaySpend } from '../core/spend.ts';
import { KEPT_REASONS, type KeptReason, type Repricing } from '../ledger/reprice.ts';
import { table } from './output.ts';

const REASONS: Readonly<Record<KeptReason, string>> = {
  open: 'not closed yet',
  'provider-figure': 'the provider’s own figure',
  'no-usage': 'no token counts came',
  'other-model': 'another model was served than was asked for',
  'no-price': 'no price in this book',
};

/** Bounds on repriced less billed; null where a bound is not known. */
export function differenceOf({ billed, repriced }: Repricing): {
  low: Picodollars | null;
  high: Picodollars | null;
} {
  return {
    low: billed.high === null ? null : repriced.low - billed.high,
    high: repriced.high === null ? null : repriced.high - billed.low,
  };
}

/** Repricings for a terminal: what has a cost under the book, then what keeps its own. */
export function showRepricing(repricings: readonly Repricing[]): string {
  const kept = repricings.flatMap((repricing) =>
    KEPT_REASONS.flatMap((reason) => {
      const own = repricing.kept[reason];
      return own === undefined
        ? []
        : [
            [
              repricing.task,
              repricing.model,
              String(own.attempts),
              displaySpend(own.billed),
              REASONS[reason],
            ],
          ];
    }),
  );
  const priced = table(
    ['task', 'model', 'requests', 'billed', 'repriced', 'difference'],
    repricings.map((repricing) => [
      repricing.task,
      repricing.model,
      String(repricing.attempts),
      displaySpend(repricing.billed),
      displaySpend(repricing.repriced),
      displayDifference(repricing),
    ]),
  );
  if (kept.length === 0) return priced;
  const apart = table(['not repriced: task', 'model', 'requests', 'billed', 'because'], kept);
  return `${priced}\n\n${apart}`;
}

function displayDifference(repricing: Repricing): string {
  const { low, high } = differenceOf(repricing);
  if (low === null && high === null) return 'unknown';
  if (low === high) return signed(low ?? 0n);
  if (low === null) return `at most ${signed(high ?? 0n)}`;
  return high === null ? `at least ${signed(low)}` : `${signed(low)} to ${signed(high)}`;
}

function signed(amount: Picodollars): string {
  return `${amount > 0n ? '+' : ''}${displayUsd(amount)}`;
}
