import { formatUsd, type Picodollars } from '../../core/money.ts';
import { reconcileCell, type ReconciledCell } from '../../core/reconcile.ts';
import type { InvoiceCell } from '../../core/reconcile-cell.ts';
import { factorText } from '../../core/reconcile-hypotheses.ts';
import type { InvoiceView } from '../../ledger/reconcile.ts';
import { cellKey } from '../../ledger/reconcile/cells.ts';
import type { InvoiceLine } from './invoice.ts';

export interface DayOfModel extends ReconciledCell {
  readonly day: string;
  readonly model: string;
}

/** A line of the invoice that names a request, where the ledger says otherwise. */
export interface LineProblem {
  readonly line: number;
  readonly id: string;
  readonly amount: Picodollars;
  /** Null where the ledger has no such attempt. */
  readonly attemptId: string | null;
  readonly ledger: Picodollars | null;
}

export interface Comparison {
  readonly cells: readonly DayOfModel[];
  readonly lines: readonly LineProblem[];
  /** A model whose price changed from a day on, by the same factor each day, and no earlier. */
  readonly priceChanges: readonly {
    readonly model: string;
    readonly from: string;
    readonly factor: string;
  }[];
}

export function compare(
  invoice: readonly InvoiceLine[],
  view: InvoiceView,
  tolerancePpm: number,
): Comparison {
  const byCell = new Map<string, InvoiceLine[]>();
  for (const line of invoice) {
    const key = cellKey(line.day, line.model);
    const there = byCell.get(key);
    if (there === undefined) byCell.set(key, [line]);
    else there.push(line);
  }
  const keys = [...new Set([...byCell.keys(), ...view.cells.keys()])].sort();
  const cells = keys.map((key) => ({
    day: key.slice(0, 10),
    model: key.slice(11),
    ...reconcileCell(sumOf(byCell.get(key)), view.cells.get(key) ?? [], tolerancePpm),
  }));
  return { cells, lines: lineProblems(invoice, view, tolerancePpm), priceChanges: priceChanges(cells) };
}

function sumOf(lines: readonly InvoiceLine[] | undefined): InvoiceCell | null {
  if (lines === undefined) return null;
  const sum = (of: (line: InvoiceLine) => number | null): number | null => {
    const values = lines.map(of);
    return values.some((value) => value === null)
      ? null
      : values.reduce<number>((all, one) => all + (one ?? 0), 0);
  };
  const perRequest = lines.every(({ requestId }) => requestId !== null);
  return {
    amount: lines.reduce((all, { amount }) => all + amount, 0n),
    requests: sum(({ requests }) => requests) ?? (perRequest ? lines.length : null),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    cachedInputTokens: sum(({ cachedInputTokens }) => cachedInputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
  };
}

function lineProblems(
  invoice: readonly InvoiceLine[],
  view: InvoiceView,
  tolerancePpm: number,
): LineProblem[] {
  const matches = new Map(view.matches.map((match) => [match.id, match]));
  return invoice.flatMap(({ line, requestId, amount }): LineProblem[] => {
    if (requestId === null) return [];
    const match = matches.get(requestId);
    if (match === undefined) return [{ line, id: requestId, amount, attemptId: null, ledger: null }];
    const slack = (amount * BigInt(tolerancePpm)) / 1_000_000n;
    const fits = amount + slack >= match.low && (match.high === null || amount - slack <= match.high);
    return fits ? [] : [{ line, id: requestId, amount, attemptId: match.attemptId, ledger: match.low }];
  });
}

/** To four decimals, over at least two days: one day alone may be anything. */
function priceChanges(cells: readonly DayOfModel[]): Comparison['priceChanges'] {
  const models = [...new Set(cells.map(({ model }) => model))];
  return models.flatMap((model) => {
    const days = cells.filter((cell) => cell.model === model && cell.known > 0n && cell.invoice !== null);
    const factorOf = (cell: DayOfModel): string | null =>
      cell.hypotheses.some(({ kind, closes }) => kind === 'changed-price' && closes)
        ? factorText(cell.invoice?.amount ?? 0n, cell.known)
        : null;
    const last = days.at(-1);
    const factor = last === undefined ? null : factorOf(last);
    if (factor === null) return [];
    const first = days.findLastIndex((cell) => factorOf(cell) !== factor) + 1;
    const from = days[first]?.day;
    return from === undefined || days.length - first < 2 ? [] : [{ model, from, factor }];
  });
}

/** Of the whole invoice: `2.00%` of what the ledger knows; null where it knows nothing. */
export function driftPercent(amount: Picodollars, known: Picodollars): string | null {
  if (known === 0n) return null;
  const hundredths = ((amount - known) * 10_000n) / known;
  return `${formatUsd(hundredths * 10_000_000_000n)}%`;
}
