import type pg from 'pg';
import type { Price } from '../core/price.ts';
import type { AttemptSummary } from '../core/result.ts';
import type { CascadeRequest } from '../core/request.ts';
import {
  attemptsOfQuery,
  closeAttempt,
  openAttempt,
  type Close,
  type Intent,
  type Opened,
} from './attempts.ts';
import { keepPrices } from './prices.ts';
import { endQuery, type Ended, type QueryEnd, type QueryRun } from './queries.ts';
import { startQuery, type StartedQuery } from './start-query.ts';
import { readTexts, type QueryRef, type Sealer, type TextItem } from './texts.ts';
import { createSweepLedger, type SweepLedger } from './sweep.ts';
import type { Json } from '../core/policy.ts';

/** What activities ask of the ledger. Each method is one transaction. */
export interface Ledger extends SweepLedger {
  startQuery(run: QueryRun, request: CascadeRequest): Promise<StartedQuery>;
  keepPrices(model: { provider: string; modelId: string }, prices: readonly Price[]): Promise<void>;
  openAttempt(intent: Intent): Promise<Opened>;
  closeAttempt(close: Close): Promise<void>;
  attemptsOf(query: QueryRef): Promise<AttemptSummary[]>;
  textsOf(query: QueryRef): Promise<Map<TextItem, Json>>;
  endQuery(end: QueryEnd): Promise<Ended>;
}

/** @param sealer encrypts texts at rest; null keeps them as they are. */
export function createLedger(pool: pg.Pool, sealer: Sealer | null): Ledger {
  const knownPrices = new Set<string>();
  return {
    startQuery: (run, request) => startQuery(pool, sealer, run, request),
    async keepPrices(model, prices) {
      // Price rows are few and never change: each is written once per process.
      const fresh = prices.filter((price) => !knownPrices.has(price.id));
      await keepPrices(pool, model, fresh);
      for (const price of fresh) knownPrices.add(price.id);
    },
    openAttempt: (intent) => openAttempt(pool, intent),
    closeAttempt: (close) => closeAttempt(pool, sealer, close),
    attemptsOf: (query) => attemptsOfQuery(pool, query),
    textsOf: (query) => readTexts(pool, sealer, query),
    endQuery: (end) => endQuery(pool, end),
    ...createSweepLedger(pool),
  };
}
