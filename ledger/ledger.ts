import type pg from 'pg';
import type { Price } from '../core/price.ts';
import type { AttemptSummary } from '../core/result.ts';
import type { AnswerSpec } from '../core/answer.ts';
import type { Feedback } from '../core/feedback.ts';
import type { CascadeRequest } from '../core/request.ts';
import {
  attemptsOfQuery,
  openAttempt,
  openAttemptBehind,
  type Intent,
  type Opened,
  type PaidFor,
} from './attempts.ts';
import { closeAttempt, closingAtOnce, type Close } from './close-attempt.ts';
import { createAuditLedger, type AuditLedger } from './audits.ts';
import { cancelledRuns, requestCancel, type CancelRequested } from './cancel.ts';
import { labelQuery, type LabelledQuery } from './label-query.ts';
import { keepPriceBook, type PricedModel } from './price-books.ts';
import { answeredIn, promptOf, type QueryRow, type QueryRun } from './queries.ts';
import { endQuery, type Ended, type QueryEnd } from './end-query.ts';
import { RecentTexts } from './recent-texts.ts';
import { usableResponses, type UsableResponse } from './responses.ts';
import { startQuery, type StartedQuery } from './start-query.ts';
import { readTexts, type QueryRef, type Sealer, type TextItem } from './texts.ts';
import { knowsQuery, restoreQuery, type PlannedQuery } from './restore-query.ts';
import { createSweepLedger, type SweepLedger } from './sweep.ts';
import type { Json } from '../core/policy.ts';
import { createWatchLedger, type WatchLedger } from './watch-ledger.ts';

/** What activities ask of the ledger. Each method is one transaction. */
export interface Ledger extends SweepLedger, AuditLedger, WatchLedger {
  startQuery(run: QueryRun, request: CascadeRequest): Promise<StartedQuery>;
  restoreQuery(run: QueryRun, request: CascadeRequest, lost: PlannedQuery): Promise<boolean>;
  knowsQuery(query: QueryRef): Promise<boolean>;
  /** Keeps a model's price rows, and that they are what is known of its price now; null for an unknown price. */
  keepPrices(model: PricedModel, prices: readonly Price[] | null): Promise<void>;
  /** @param closing an earlier attempt of the query, which is closed before: in the same commit, where that can be. */
  openAttempt(intent: Intent, closing?: Close): Promise<Opened>;
  closeAttempt(close: Close): Promise<void>;
  attemptsOf(query: QueryRef, paidFor?: PaidFor): Promise<AttemptSummary[]>;
  /** Texts of a query, at least those items that there are of the named ones. */
  textsOf(query: QueryRef, items: readonly TextItem[]): Promise<ReadonlyMap<TextItem, Json>>;
  /** Usable responses, and what each answers by a task's extractor. */
  responsesOf(query: QueryRef, spec: AnswerSpec): Promise<UsableResponse[]>;
  /** @param closing as for `openAttempt`. */
  endQuery(end: QueryEnd, closing?: Close): Promise<Ended>;
  answeredIn(query: QueryRef, runId: string): Promise<QueryRow | null>;
  requestCancel(run: QueryRun): Promise<CancelRequested>;
  cancelledRuns(): Promise<string[]>;
  /** As `labelQuery` of `label-query.ts`: the namespace is that of idempotency keys. */
  labelQuery(namespace: string, feedback: Feedback): Promise<LabelledQuery>;
}

/** @param sealer encrypts texts at rest; null keeps them as they are. */
export function createLedger(pool: pg.Pool, sealer: Sealer | null): Ledger {
  const keptBooks = new Set<string>();
  const recent = new RecentTexts();
  const audits = createAuditLedger(pool);
  const keep = ({ queryId, attemptId, response }: Close): void => {
    if (response !== null) recent.keep(queryId, attemptId, { ...response.kept });
  };
  const close = async (closing: Close): Promise<void> => {
    await closeAttempt(pool, sealer, closing);
    keep(closing);
  };
  /** Does what takes the close along; null where that could not be, and the close was made by itself. */
  const withClose = async <T>(
    closing: Close,
    work: (before: pg.QueryConfig) => Promise<T | null>,
  ): Promise<T | null> => {
    // Why it could not be does not matter: by itself, the close meets it again or takes another way.
    const done = await work(closingAtOnce(sealer, closing, 'fail')).catch(() => null);
    if (done === null) await close(closing);
    else keep(closing);
    return done;
  };
  return {
    async startQuery(run, request) {
      const started = await startQuery(pool, sealer, run, request);
      if (started.type === 'started') recent.keep(started.query.queryId, 'request', promptOf(request));
      return started;
    },
    restoreQuery: (run, request, lost) => restoreQuery(pool, sealer, run, request, lost),
    knowsQuery: (query) => knowsQuery(pool, query),
    async keepPrices(model, prices) {
      // Books are few and seldom change: each is written once per process.
      const key = JSON.stringify([model.provider, model.modelId, prices?.map(({ id }) => id) ?? []]);
      if (keptBooks.has(key)) return;
      await keepPriceBook(pool, model, prices);
      keptBooks.add(key);
    },
    async openAttempt(intent, closing) {
      if (closing === undefined) return openAttempt(pool, intent);
      const opened = await withClose(closing, (before) => openAttemptBehind(pool, before, intent));
      return opened ?? openAttempt(pool, intent);
    },
    closeAttempt: close,
    attemptsOf: (query, paidFor) => attemptsOfQuery(pool, query, paidFor),
    textsOf: async (query, items) =>
      recent.find(query.queryId, items) ?? (await readTexts(pool, sealer, query)),
    responsesOf: (query, spec) => usableResponses(pool, sealer, query, spec),
    async endQuery(end, closing) {
      const joined = closing && (await withClose(closing, (before) => endQuery(pool, end, before)));
      const ended = joined ?? (await endQuery(pool, end));
      recent.forget(end.queryId);
      return ended;
    },
    answeredIn: (query, runId) => answeredIn(pool, query, runId),
    requestCancel: (run) => requestCancel(pool, run),
    cancelledRuns: () => cancelledRuns(pool),
    labelQuery: (namespace, feedback) => labelQuery(pool, sealer, namespace, feedback),
    ...createSweepLedger(pool),
    ...createWatchLedger(pool),
    ...audits,
    async endAudit(end) {
      const open = await audits.endAudit(end);
      recent.forget(end.queryId);
      return open;
    },
  };
}
