import type { Picodollars } from './money.ts';
import { hypothesesOf, magnitude, sum, total, type Hypothesis } from './reconcile-hypotheses.ts';
import type { InvoiceCell, LedgerGroup } from './reconcile-cell.ts';
import type { Usage } from './usage.ts';

/**
 * An invoice against the ledger, by UTC day and model. All amounts are picodollars.
 *
 * A cell is one day of one model. Its *difference* is the invoice less what the ledger knows (attempts whose bounds meet).
 * Each hypothesis says what the difference would be if it alone were true, by arithmetic over the cell's own rows; it
 * *closes* where the difference lies there, give or take a twentieth of it.
 */

export type CellStatus =
  /** What is known agrees with the invoice. */
  | 'match'
  /** The invoice lies between the ledger's bounds. */
  | 'within-bounds'
  | 'outside';

export interface ReconciledCell {
  readonly status: CellStatus;
  readonly invoice: InvoiceCell | null;
  readonly requests: number;
  readonly low: Picodollars;
  readonly high: Picodollars | null;
  readonly known: Picodollars;
  readonly usage: Pick<Usage, 'inputTokens' | 'cachedInputTokens' | 'outputTokens'>;
  readonly difference: Picodollars;
  /** How far the invoice is beyond the nearer bound; 0 within them. */
  readonly drift: Picodollars;
  /** Those that close first. Empty where the cell matches. */
  readonly hypotheses: readonly Hypothesis[];
}

const MILLION = 1_000_000n;

/** @param tolerancePpm of the invoice's amount, in millionths. */
export function reconcileCell(
  invoice: InvoiceCell | null,
  groups: readonly LedgerGroup[],
  tolerancePpm: number,
): ReconciledCell {
  const amount = invoice?.amount ?? 0n;
  const tolerance = (magnitude(amount) * BigInt(tolerancePpm)) / MILLION;
  const low = sum(groups.map((group) => group.low));
  const high = groups.some((group) => group.high === null)
    ? null
    : sum(groups.map((group) => group.high ?? 0n));
  const known = sum(groups.map((group) => group.known));
  const difference = amount - known;
  const beyond = amount < low ? amount - low : high !== null && amount > high ? amount - high : 0n;
  const drift = magnitude(beyond) <= tolerance ? 0n : beyond;
  const status =
    drift !== 0n ? 'outside' : magnitude(difference) <= tolerance ? 'match' : ('within-bounds' as const);
  return {
    status,
    invoice,
    requests: total(groups, (group) => group.requests),
    low,
    high,
    known,
    usage: {
      inputTokens: total(groups, (group) => group.usage.inputTokens),
      cachedInputTokens: total(groups, (group) => group.usage.cachedInputTokens),
      outputTokens: total(groups, (group) => group.usage.outputTokens),
    },
    difference,
    drift,
    hypotheses: status === 'match' ? [] : hypothesesOf(invoice, groups, difference),
  };
}
