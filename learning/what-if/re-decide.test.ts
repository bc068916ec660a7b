import { expect, test } from 'vitest';
import { parseUsd } from '../../core/money.ts';
import type { PastAttempt, PastQuery } from '../../core/past-query.ts';
import { exactly } from '../../core/spend.ts';
import { recordedEvidence } from './evidence.ts';
import { reDecide, type WhatIf } from './re-decide.ts';

const WHAT_IF: WhatIf = {
  chain: ['small', 'large'],
  thresholds: [0.8, 0],
  scoresLastStage: true,
  modelAccuracy: null,
  sameScorer: true,
};
/** After a cent in all, a threshold of 0.8; each cent more makes the next call two cents dearer, which takes off 0.4. */
const BY_SPEND: WhatIf = {
  ...WHAT_IF,
  stopRule: {
    ...{ type: 'value', lambdaUsd: 0.05 },
    steps: [
      {
        ...{ priceUsd: 0.01, spent: { meanUsd: 0.01, slope: 2 } },
        gain: { confidence: [0, 1], gain: [1, 0] },
      },
    ],
  },
};

function attempt(overrides: Partial<PastAttempt> & { readonly usd: string }): PastAttempt {
  const { usd, ...rest } = overrides;
  return {
    ...{ attemptId: 'first', purpose: 'serve', stage: 0, model: 'small', status: 'succeeded' },
    ...{ verdict: 'accepted', confidence: 0.7, threshold: 0.6, failureKind: null, inputTokens: 100 },
    ...{ spend: exactly(parseUsd(usd)), correct: true },
    ...rest,
  };
}

/** Accepted after its first stage, at 0.7. */
function queryOf(...attempts: PastAttempt[]): PastQuery {
  return {
    ...{ queryId: 'q', startedAt: '2026-01-01T00:00:00.000000Z', policyVersion: 1, outcome: 'accepted' },
    ...{ servedAttemptId: 'first', confidence: 0.7, attempts },
  };
}

const decide = (query: PastQuery, whatIf: WhatIf) =>
  reDecide(query, ['small', 'large'], whatIf, recordedEvidence(query));

test('a rule that depends on what was spent is told what the query had spent by then', async () => {
  const dear = queryOf(attempt({ usd: '0.02' }));
  const cheap = queryOf(attempt({ usd: '0.005' }));
  expect(await decide(dear, BY_SPEND)).toMatchObject({ class: 'exact', outcome: 'accepted' });
  expect(await decide(cheap, BY_SPEND)).toMatchObject({ class: 'bounded', next: 1 });
  expect(await decide(dear, WHAT_IF)).toMatchObject({ class: 'bounded', next: 1 });
});

test('lost requests and the scoring of the stage count, as they did when it was served', async () => {
  const lost = attempt({
    ...{ usd: '0.01', attemptId: 'lost', status: 'failed', verdict: null },
    ...{ confidence: null, threshold: null, correct: null },
  });
  const judge = attempt({ ...lost, usd: '0.01', attemptId: 'judge', purpose: 'score', status: 'succeeded' });
  expect(await decide(queryOf(lost, attempt({ usd: '0.01' })), BY_SPEND)).toMatchObject({ class: 'exact' });
  const judged = queryOf(attempt({ usd: '0.01' }), judge);
  expect(await decide(judged, BY_SPEND)).toMatchObject({ class: 'exact' });
  // Another scorer's calls are not paid for.
  expect(await decide(judged, { ...BY_SPEND, sameScorer: false })).toMatchObject({ class: 'bounded' });
});
