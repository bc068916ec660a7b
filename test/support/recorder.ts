import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';

/** Histories of real runs, which every later version of the workflow must replay. */
export const HISTORIES = join(import.meta.dirname, '..', 'histories');

/**
 * Keeps a query's history when RECORD_HISTORIES=1. Stack traces go: they name folders of the machine, and replay reads
 * none of them. A history is only recorded anew for a new feature: an old one is what production may still be running.
 */
export async function record(name: string, handle: WorkflowHandle): Promise<void> {
  if (process.env['RECORD_HISTORIES'] !== '1') return;
  const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as object;
  const text = JSON.stringify(
    history,
    (key, value: unknown) => (key === 'stackTrace' && typeof value === 'string' ? '' : value),
    1,
  );
  await writeFile(join(HISTORIES, `${name}.json`), `${text}\n`);
}
