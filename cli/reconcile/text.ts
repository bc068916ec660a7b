import { displayUsd, formatUsd, type Picodollars } from '../../core/money.ts';
import { displaySpend } from '../../core/spend.ts';
import type { UnbilledAttempt } from '../../ledger/reconcile/lines.ts';
import { table } from '../output.ts';
import type { Comparison, DayOfModel } from './compare.ts';

export const IN_LEDGER_ONLY_NOTE = 'a day that the invoice leaves out counts as an invoice of nothing';

export function cellsText(
  result: Comparison & {
    readonly unbilled: readonly UnbilledAttempt[];
    readonly invoiceUsd: Picodollars;
    readonly knownUsd: Picodollars;
    readonly drift: string | null;
  },
): string {
  const rows = result.cells.map((cell) => [
    cell.day,
    cell.model,
    cell.invoice === null ? '–' : displayUsd(cell.invoice.amount),
    displaySpend(cell),
    displayUsd(cell.difference),
    requestsText(cell),
    cell.status,
  ]);
  const total = `invoice ${displayUsd(result.invoiceUsd)}, ledger ${displayUsd(result.knownUsd)} known, drift ${result.drift ?? 'unknown'}`;
  return [
    table(['day', 'model', 'invoice', 'ledger', 'difference', 'requests', ''], rows),
    ...result.cells.flatMap(hypothesesText),
    ...result.priceChanges.map(
      ({ model, from, factor }) =>
        `${model}: billed at ${factor} times the ledger's price from ${from} on: check the price in the settings against the vendor's`,
    ),
    ...result.lines.map(({ line, id, amount, attemptId, ledger }) =>
      attemptId === null
        ? `line ${line}: ${id}, $${formatUsd(amount)}: the ledger has no such request`
        : `line ${line}: ${id}, $${formatUsd(amount)}: attempt ${attemptId} cost $${formatUsd(ledger ?? 0n)}`,
    ),
    ...result.unbilled.map(
      ({ attemptId, requestId, low, day, model }) =>
        `not on the invoice: attempt ${attemptId} (request ${requestId ?? 'unknown'}), ${day} ${model}, $${low}`,
    ),
    total,
  ].join('\n');
}

function requestsText(cell: DayOfModel): string {
  const invoiced = cell.invoice?.requests ?? null;
  return invoiced === null ? String(cell.requests) : `${invoiced} / ${cell.requests}`;
}

function hypothesesText({ day, model, hypotheses }: DayOfModel): string[] {
  return hypotheses.map(({ closes, text, low, high, samples }) => {
    const amount = low === high ? displayUsd(low) : displaySpend({ low, high });
    const examples = samples.length === 0 ? '' : ` (such as ${samples.join(', ')})`;
    return `${day} ${model}: ${closes ? 'explained by' : 'not explained by'}: ${text}: ${amount}${examples}`;
  });
}
