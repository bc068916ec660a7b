import { describe, expect, test } from 'vitest';
import type { LedgerQuery, LedgerResponse } from '../../ledger/recorded-queries.ts';
import { recordedQueryOf } from '../ledger-set/recorded-query.ts';
import { judgedQuery } from './judged-query.ts';

const SPEC = { from: 'number' } as const;
const MODELS = ['small', 'medium', 'large'];

interface Said {
  readonly text: string;
  readonly correct?: boolean;
  readonly by?: string;
}

/** The three models' answers; whether they agree with the last one's is as an audit would say. */
function query(said: readonly Said[], inclusion: number | null = 0.1): LedgerQuery {
  return {
    ...{ queryId: 'q', startedAt: '2026-11-01T00:00:00Z', policyVersion: 1, retention: 'full', inclusion },
    request: { messages: [{ role: 'user', content: 'How many?' }], parameters: {} },
    correction: null,
    responses: said.map(
      ({ text, correct = null, by = correct === null ? null : 'person' }, stage): LedgerResponse => ({
        ...{ attemptId: String(stage), purpose: stage === 0 ? 'serve' : 'audit', stage, provider: 'vendor' },
        ...{ model: MODELS[stage]!, inputTokens: 10, outputTokens: 1, cachedInputTokens: null },
        price: { rates: { input: '1', output: '1' }, source: 'test' },
        kept: { message: { role: 'assistant', content: text }, finishReason: 'stop', logprobs: null },
        ...{ correct, labelledBy: by, agreesWithLast: text === said.at(-1)!.text },
      }),
    ),
  };
}

function judged(said: readonly Said[], inclusion?: number | null) {
  const ledger = query(said, inclusion);
  const entry = recordedQueryOf('sums', ledger, SPEC);
  if (!('query' in entry)) throw new Error('nothing of the query is left');
  const found = judgedQuery(ledger, entry, SPEC, MODELS);
  return found && [found.responses.map(({ correct }) => correct), found.judgedBy, found.labelled];
}

describe('the responses of an audited query', () => {
  test.each<[string, Said[], unknown]>([
    [
      'without labels: as the last stage',
      [{ text: '1' }, { text: '2' }, { text: '2' }],
      [[0, 1, 1], 'last-stage', false],
    ],
    [
      'a right one makes others wrong',
      [{ text: '1', correct: true }, { text: '2' }, { text: '1' }],
      [[1, 0, 1], 'person', true],
    ],
    [
      'a wrong one says nothing of others: the last stage does',
      [{ text: '1', correct: false }, { text: '2' }, { text: '2' }],
      [[0, 1, 1], 'last-stage', true],
    ],
    [
      'the best word names the judge',
      [{ text: '1', correct: true, by: 'caller' }, { text: '2', correct: false }, { text: '1' }],
      [[1, 0, 1], 'person', true],
    ],
    [
      'nothing is right where only the last stage was labelled, and is wrong',
      [{ text: '1' }, { text: '3' }, { text: '2', correct: false }],
      [[0, 0, 0], 'last-stage', true],
    ],
    ['a model that gave no answer', [{ text: '1' }, { text: '1' }], null],
  ])('%s', (_name, said, expected) => {
    expect(judged(said)).toEqual(expected);
  });

  test('a query that was not drawn stands for nothing', () => {
    expect(judged([{ text: '1' }, { text: '1' }, { text: '1' }], null)).toBeNull();
  });
});
