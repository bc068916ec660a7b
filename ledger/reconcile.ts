import type pg from 'pg';
import { onSnapshot } from './report/snapshot.ts';
import { ledgerCells, type InvoiceScope, type LedgerCells } from './reconcile/cells.ts';
import { matchLines, unbilledAttempts, type LineMatch, type UnbilledAttempt } from './reconcile/lines.ts';

export interface InvoiceView {
  readonly asOf: Date;
  readonly cells: LedgerCells;
  /** Empty where the invoice names no request. */
  readonly matches: readonly LineMatch[];
  /** The dearest attempts that no line names; empty where some line has no id. */
  readonly unbilled: readonly UnbilledAttempt[];
}

/** What the ledger says of an invoice's days, in one snapshot. */
export async function invoiceView(
  pool: pg.Pool,
  scope: InvoiceScope,
  lines: { readonly ids: readonly string[]; readonly complete: boolean },
): Promise<InvoiceView> {
  const MOST_UNBILLED = 20;
  return onSnapshot(pool, async (db, asOf) => {
    // A month of attempts takes longer than a statement of a worker may.
    await db.query({ text: `set local statement_timeout = '30min'` });
    const { ids, complete } = lines;
    return {
      asOf,
      cells: await ledgerCells(db, scope),
      matches: ids.length === 0 ? [] : await matchLines(db, scope, ids),
      unbilled: complete ? await unbilledAttempts(db, scope, ids, MOST_UNBILLED) : [],
    };
  });
}
