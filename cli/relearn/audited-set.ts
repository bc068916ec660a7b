import type pg from 'pg';
import type { AnswerSpec } from '../../core/answer.ts';
import { countsOf } from '../../core/counts.ts';
import type { AuditedTraffic } from '../../core/proposal.ts';
import type { Relearning } from '../../core/relearning.ts';
import { thinned } from '../../learning/relearn/thin.ts';
import { eachLedgerQuery } from '../../ledger/recorded-queries.ts';
import type { Sealer } from '../../ledger/texts.ts';
import { LEAST_COVERAGE } from '../../learning/compared-models.ts';
import type { RecordedModel, RecordedResponse } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { recordedQueryOf } from '../ledger-set/recorded-query.ts';
import { dayBefore } from '../range-option.ts';
import { judgedQuery, type JudgedQuery } from './judged-query.ts';

/** A task's audits as a recorded set, in which each query stands for equally many. */
export interface AuditedSet {
  readonly set: RecordedSet;
  readonly traffic: AuditedTraffic;
  /** By query: what its answers were held against. */
  readonly judgedBy: ReadonlyMap<string, string>;
}

export interface AuditedSearch extends Pick<Relearning, 'judge' | 'windowMs'> {
  readonly task: string;
  /** Of the current policy. */
  readonly answer: AnswerSpec;
  readonly models: readonly string[];
  readonly now: Date;
}

/** Reads the audits of a window that have ended; only they were drawn by chance, and have every stage's response. */
export async function auditedSet(
  pool: pg.Pool,
  sealer: Sealer | null,
  search: AuditedSearch,
): Promise<AuditedSet> {
  const { task, answer, models, judge, windowMs, now } = search;
  const since = dayBefore(now, windowMs);
  const prices: Record<string, RecordedModel> = {};
  const judged: JudgedQuery[] = [];
  let audited = 0;
  await eachLedgerQuery(pool, sealer, { task, since, audited: true }, (query) => {
    const entry = recordedQueryOf(task, query, answer);
    if ('query' in entry) {
      audited++;
      Object.assign(prices, entry.models);
      const own = judgedQuery(query, entry, answer, models);
      if (own !== null && (judge === 'last-stage' || own.labelled)) {
        judged.push(own);
      }
    }
    return Promise.resolve();
  });
  const used = thinned(
    judged.map((own) => ({ ...own, id: own.query.id, inclusion: own.query.inclusion_probability })),
  );
  const responses = new Map<string, Map<string, RecordedResponse>>();
  for (const response of used.flatMap((own) => own.responses)) {
    const ofModel = responses.get(response.model) ?? new Map<string, RecordedResponse>();
    responses.set(response.model, ofModel.set(response.id, response));
  }
  return {
    set: {
      queries: used.map(({ query }) => query),
      responses,
      models: Object.fromEntries(
        Object.entries(prices).filter(
          ([model]) =>
            models.includes(model) || (responses.get(model)?.size ?? 0) >= LEAST_COVERAGE * used.length,
        ),
      ),
    },
    traffic: {
      ...{ audited, judged: judged.length, used: used.length },
      judges: countsOf(used.map(({ judgedBy }) => judgedBy)),
    },
    judgedBy: new Map(used.map(({ id, judgedBy }) => [id, judgedBy])),
  };
}
