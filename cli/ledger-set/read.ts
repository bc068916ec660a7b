import type pg from 'pg';
import type { AnswerSpec } from '../../core/answer.ts';
import { policyVersion } from '../../ledger/policies.ts';
import { eachLedgerQuery } from '../../ledger/recorded-queries.ts';
import type { ReportRange } from '../../ledger/report/range.ts';
import type { Sealer } from '../../ledger/texts.ts';
import type { RecordedModel, RecordedQuery, RecordedResponse } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { recordedQueryOf, type LedgerEntry, type LeftOut } from './recorded-query.ts';

/** What became of a task's queries on their way into a recorded set. */
export interface LedgerSetTally {
  readonly queries: number;
  readonly responses: number;
  readonly propagatedLabels: number;
  readonly leftOut: Readonly<Partial<Record<LeftOut, number>>>;
  readonly models: Readonly<Record<string, RecordedModel>>;
}

/**
 * Each ended query of a task as a recorded set has it, in the order they started. Answers are extracted as the policy version
 * says that the query was pinned to. Prices are the newest that a model's responses were billed at.
 * @param visit is waited for.
 */
export async function eachRecordedQuery(
  pool: pg.Pool,
  sealer: Sealer | null,
  range: ReportRange & { readonly task: string },
  visit: (entry: LedgerEntry) => Promise<void>,
): Promise<LedgerSetTally> {
  const specs = new Map<number, AnswerSpec>();
  const leftOut: Partial<Record<LeftOut, number>> = {};
  const models: Record<string, RecordedModel> = {};
  let tally = { queries: 0, responses: 0, propagatedLabels: 0 };
  await eachLedgerQuery(pool, sealer, range, async (query) => {
    const version = query.policyVersion;
    const spec = specs.get(version) ?? (await policyVersion(pool, range.task, version)).answer;
    specs.set(version, spec);
    const entry = recordedQueryOf(range.task, query, spec);
    for (const reason of entry.leftOut) leftOut[reason] = (leftOut[reason] ?? 0) + 1;
    if (!('query' in entry)) return;
    Object.assign(models, entry.models);
    tally = {
      queries: tally.queries + 1,
      responses: tally.responses + entry.responses.length,
      propagatedLabels: tally.propagatedLabels + entry.propagated,
    };
    await visit(entry);
  });
  return { ...tally, leftOut, models };
}

/** A task's traffic as a recorded set in memory, to learn from. */
export async function ledgerRecordedSet(
  pool: pg.Pool,
  sealer: Sealer | null,
  range: ReportRange & { readonly task: string },
): Promise<{ readonly set: RecordedSet; readonly tally: LedgerSetTally }> {
  const queries: RecordedQuery[] = [];
  const responses = new Map<string, Map<string, RecordedResponse>>();
  const tally = await eachRecordedQuery(pool, sealer, range, (entry) => {
    queries.push(entry.query);
    for (const response of entry.responses) {
      const own = responses.get(response.model) ?? new Map<string, RecordedResponse>();
      responses.set(response.model, own.set(response.id, response));
    }
    return Promise.resolve();
  });
  return { set: { queries, responses, models: tally.models }, tally };
}
