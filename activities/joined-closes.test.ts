import { describe, expect, it } from 'vitest';
import type { Intent } from '../ledger/attempts.ts';
import type { Close } from '../ledger/close-attempt.ts';
import type { QueryEnd } from '../ledger/end-query.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { joinCloses } from './joined-closes.ts';

const closeOf = (attemptId: string, status: Close['status'] = 'succeeded'): Close =>
  ({
    attemptId,
    status,
    response: { text: '', kept: { message: {}, finishReason: null, logprobs: null } },
  }) as Close;
const INTENT = {} as Intent;
const QUERY = { queryId: 'query', startedAt: '2026-01-01T00:00:00Z' };

/** A ledger that tells what it is asked, in order; each open fails as often as it is told to. */
function world(failures = 0) {
  const told: string[] = [];
  const ledger = {
    openAttempt: (_intent: Intent, closing?: Close) => {
      told.push(`open${closing === undefined ? '' : ` with ${closing.attemptId}`}`);
      return failures-- > 0 ? Promise.reject(new Error('away')) : Promise.resolve({ type: 'opened' });
    },
    endQuery: (_end: QueryEnd, closing?: Close) => {
      told.push(`end${closing === undefined ? '' : ` with ${closing.attemptId}`}`);
      return Promise.resolve({ type: 'ended', attempts: [] });
    },
    closeAttempt: (close: Close) => {
      told.push(`close ${close.attemptId}`);
      return Promise.resolve();
    },
    attemptsOf: () => {
      told.push('attempts');
      return Promise.resolve([]);
    },
    textsOf: (_query: unknown, items: readonly string[]) =>
      Promise.resolve(new Map(items.map((item) => [item, 'text']))),
  };
  return { told, ...joinCloses(ledger as unknown as Ledger) };
}

describe('closes of a climb', () => {
  it('go with the next intent, and with the end', async () => {
    const { told, ledger, settle } = world();
    await ledger.openAttempt(INTENT);
    await ledger.closeAttempt(closeOf('a'));
    await ledger.openAttempt(INTENT);
    await ledger.closeAttempt(closeOf('b'));
    await ledger.endQuery({} as QueryEnd);
    await settle();
    expect(told).toEqual(['open', 'open with a', 'end with b']);
  });

  it('are made at once when all is over: nothing comes that they could go with', async () => {
    const { told, ledger, settle } = world();
    await settle();
    await ledger.closeAttempt(closeOf('late'));
    expect(told).toEqual(['close late']);
  });

  it('are made at once where nothing usable came', async () => {
    const { told, ledger } = world();
    await ledger.closeAttempt(closeOf('a', 'failed'));
    expect(told).toEqual(['close a']);
  });

  it('are made by themselves when the climb is left', async () => {
    const { told, ledger, settle } = world();
    await ledger.closeAttempt(closeOf('a'));
    await settle();
    await settle();
    expect(told).toEqual(['close a']);
  });

  it('are not forgotten by an intent that fails', async () => {
    const { told, ledger, settle } = world(1);
    await ledger.closeAttempt(closeOf('a'));
    await expect(ledger.openAttempt(INTENT)).rejects.toThrow('away');
    await settle();
    expect(told).toEqual(['open with a', 'close a']);
  });

  it('wait one at a time, however many calls run at once', async () => {
    const { told, ledger, settle } = world();
    await Promise.all([ledger.closeAttempt(closeOf('a')), ledger.closeAttempt(closeOf('b'))]);
    expect(told).toEqual(['close b']);
    await settle();
    expect(told).toEqual(['close b', 'close a']);
  });

  it('are made before anybody looks at the attempts, and texts are there meanwhile', async () => {
    const { told, ledger } = world();
    await ledger.closeAttempt(closeOf('a'));
    const texts = await ledger.textsOf(QUERY, ['request', 'a']);
    expect(texts.get('request')).toBe('text');
    expect(texts.get('a')).toMatchObject({ finishReason: null });
    expect(told).toEqual([]);
    await ledger.attemptsOf(QUERY);
    expect(told).toEqual(['close a', 'attempts']);
  });
});
