import { ApplicationFailure } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import { UNSCORED } from '../core/result.ts';
import { ScorerProblem, type Score } from '../scorers/index.ts';
import type { Ports } from './ports.ts';
import { score, type Texts } from './score.ts';
import type { ScoreInput } from './types.ts';

const INPUT: ScoreInput = {
  query: {
    queryId: 'query',
    startedAt: '2026-01-01T00:00:00Z',
    task: 'task',
    policyVersion: 1,
    retention: 'full',
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
  },
  stage: 0,
  scorer: {
    name: 'learned',
    options: { sha256: 'a'.repeat(64) },
    models: [],
    remote: false,
    scoresLastStage: true,
    worstCaseUsd: '0',
  },
  responses: [{ stage: 0, attemptId: 'attempt', answer: '42', model: 'small' }],
  deadlineAt: null,
};

const TEXTS: Texts = new Map([
  ['request', { messages: [], parameters: {} }],
  ['attempt', { message: { role: 'assistant', content: '42' }, finishReason: 'stop', logprobs: null }],
]);

function scoredWith(scorer: () => Promise<Score>) {
  const ports = { scorer } as unknown as Ports;
  // Failures here are what is tested.
  const environment = new MockActivityEnvironment({}, { logger: new DefaultLogger('ERROR') });
  return environment.run(() => score(ports, INPUT, TEXTS, new AbortController().signal));
}

describe('scoring', () => {
  it('waits for what the scorer needs', async () => {
    const scored = await scoredWith(() => Promise.resolve(() => [{ answer: '42', confidence: 0.7 }]));
    expect(scored).toEqual({ scores: [{ answer: '42', confidence: 0.7 }], attempts: [] });
  });

  it('climbs on when a person would have to mend something', async () => {
    const scored = scoredWith(() => Promise.reject(new ScorerProblem('the ledger has no such scorer')));
    await expect(scored).rejects.toThrow(ApplicationFailure);
    await expect(scored).rejects.toMatchObject({
      type: UNSCORED,
      nonRetryable: true,
      message: 'the ledger has no such scorer',
    });
  });

  it('is tried again when the ledger is away', async () => {
    const away = new Error('the connection was refused');
    await expect(scoredWith(() => Promise.reject(away))).rejects.toBe(away);
  });
});
