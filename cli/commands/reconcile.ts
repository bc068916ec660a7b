import { displayUsd, formatUsd } from '../../core/money.ts';
import { invoiceView } from '../../ledger/reconcile.ts';
import { IN_LEDGER_ONLY_NOTE, cellsText } from '../reconcile/text.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { compare, driftPercent } from '../reconcile/compare.ts';
import { readInvoice, type InvoiceLine } from '../reconcile/invoice.ts';

export interface ReconcileOptions {
  readonly provider?: string;
  readonly map: readonly string[];
  readonly amountUnit: 'usd' | 'cents';
  /** `0.5%`. */
  readonly tolerance: string;
}

/** @throws {CliError} with {@link EXIT.drift} after the comparison is printed, where the invoice is outside the bounds. */
export async function reconcileCommand(
  context: Context,
  file: string,
  options: ReconcileOptions,
): Promise<void> {
  const tolerancePpm = tolerance(options.tolerance);
  const invoice = await readInvoice(file, options);
  const comparison = await withDatabase(context, async (pool) => {
    const ids = invoice.flatMap(({ requestId }) => (requestId === null ? [] : [requestId]));
    const view = await invoiceView(
      pool,
      { ...rangeOf(invoice), provider: options.provider ?? null, models: modelsOf(invoice) },
      { ids, complete: ids.length === invoice.length },
    );
    return { ...compare(invoice, view, tolerancePpm), asOf: view.asOf, unbilled: view.unbilled };
  });
  const amount = comparison.cells.reduce((all, cell) => all + (cell.invoice?.amount ?? 0n), 0n);
  const known = comparison.cells.reduce((all, cell) => all + cell.known, 0n);
  const drift = driftPercent(amount, known);
  const outside = comparison.cells.filter(({ status }) => status === 'outside').length;
  const result = { ...comparison, invoiceUsd: amount, knownUsd: known, drift, outside };
  if (context.json) context.out(JSON.stringify(result, amountAsText));
  else context.out(cellsText(result));
  const wrong = outside + comparison.lines.length;
  if (wrong > 0) {
    throw new CliError(
      `${outside} of ${comparison.cells.length} days of a model are outside the ledger's bounds, ${comparison.lines.length} lines differ from their attempts (drift ${drift ?? 'unknown'}, ${displayUsd(amount - known)}); ${IN_LEDGER_ONLY_NOTE}`,
      EXIT.drift,
    );
  }
}

function rangeOf(invoice: readonly InvoiceLine[]): { since: Date; until: Date } {
  const days = invoice.map(({ day }) => day).sort();
  const until = new Date(`${days.at(-1) ?? ''}T00:00:00Z`);
  until.setUTCDate(until.getUTCDate() + 1);
  return { since: new Date(`${days[0] ?? ''}T00:00:00Z`), until };
}

function modelsOf(invoice: readonly InvoiceLine[]): string[] {
  return [...new Set(invoice.map(({ model }) => model))];
}

function tolerance(text: string): number {
  const percent = /^(\d+(?:\.\d{1,4})?)%?$/.exec(text.trim())?.[1];
  if (percent === undefined)
    throw new CliError(`--tolerance ${text}: expected a percentage such as 0.5%`, EXIT.usage);
  return Math.round(Number(percent) * 10_000);
}

/** Amounts in JSON are decimal strings of dollars. */
function amountAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? formatUsd(value) : value;
}
