import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { attemptsOfQuery, openAttempt } from '../ledger/attempts.ts';
import { closeAttempt } from '../ledger/close-attempt.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { endQuery } from '../ledger/end-query.ts';
import { createSweepLedger } from '../ledger/sweep.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { useDatabase } from './support/database.ts';
import {
  attempted,
  closeOf,
  ended,
  intentOf,
  newRun,
  opened,
  servedBy,
  started,
  storedPolicy,
} from './support/ledger.ts';

const database = useDatabase();

beforeAll(async () => {
  await applyPolicies(database.pool, [storedPolicy('task')]);
});

async function classesOf(query: QueryRef): Promise<string[]> {
  const { rows } = await database.pool.query<{ spend_class: string }>(
    `select spend_class from attempt_spend join attempts using (query_id, attempt_id)
     where query_id = $1 order by attempts.stage, try`,
    [query.queryId],
  );
  return rows.map((row) => row.spend_class);
}

describe('a response that came late, for a call that was bought again', () => {
  test('is rejected by the end, and discarded', async () => {
    const query = await started(database.pool, 'task');
    const lost = await opened(database.pool, query);
    const second = await attempted(database.pool, query, {});
    await closeAttempt(database.pool, null, closeOf(query, lost));
    await ended(database.pool, query, servedBy(second), { verdicts: { [second]: 'accepted' } });
    expect(await classesOf(query)).toEqual(['discarded', 'accepted']);
  });

  test('is rejected by its own close, when the query had ended', async () => {
    const query = await started(database.pool, 'task');
    const lost = await opened(database.pool, query);
    const second = await attempted(database.pool, query, {});
    await ended(database.pool, query, servedBy(second), { verdicts: { [second]: 'accepted' } });
    expect(await classesOf(query)).toEqual(['orphaned', 'accepted']);
    await closeAttempt(database.pool, null, closeOf(query, lost));
    expect(await classesOf(query)).toEqual(['discarded', 'accepted']);
  });

  test('has no verdict where nothing was served, and none of a judge ever changes', async () => {
    const query = await started(database.pool, 'task');
    const lost = await opened(database.pool, query);
    await ended(database.pool, query, null);
    await closeAttempt(database.pool, null, closeOf(query, lost));
    expect((await attemptsOfQuery(database.pool, query))[0]).toMatchObject({ verdict: null });
    const judged = await started(database.pool, 'task');
    const served = await attempted(database.pool, judged, {});
    await attempted(database.pool, judged, { purpose: 'score' });
    await ended(database.pool, judged, servedBy(served), { verdicts: { [served]: 'accepted' } });
    expect((await attemptsOfQuery(database.pool, judged)).map(({ verdict }) => verdict)).toEqual([
      'accepted',
      null,
    ]);
  });
});

/** What can happen to a query, in any order: by attempt, by stage, or to the query itself. */
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('open' as const), stage: fc.nat({ max: 1 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      type: fc.constant('close' as const),
      nth: fc.nat({ max: 5 }),
      status: fc.constantFrom(
        'succeeded' as const,
        'succeeded' as const,
        'failed' as const,
        'cancelled' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('expire' as const) }) },
  { weight: 3, arbitrary: fc.record({ type: fc.constant('end' as const), nth: fc.nat({ max: 5 }) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('lose' as const) }) },
);

test('whatever the order of opens, closes, sweeps and ends, nothing is a duplicate', async () => {
  const sweep = createSweepLedger(database.pool);
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 8, maxLength: 20 }), async (actions) => {
      const { pool } = database;
      const run = newRun();
      const query = await started(pool, 'task', { run });
      /** By stage, what the workflow holds: the attempt that it was given the response of. */
      const held = new Map<number, string>();
      const all: { attemptId: string; stage: number }[] = [];
      for (const step of actions) {
        if (step.type === 'open') {
          const result = await openAttempt(pool, intentOf(query, { stage: step.stage, runId: run.runId }));
          if (result.type === 'opened') all.push({ attemptId: result.attemptId, stage: step.stage });
          if (result.type === 'found') held.set(step.stage, result.attemptId);
        } else if (step.type === 'close') {
          const own = all[step.nth % Math.max(all.length, 1)];
          if (own === undefined) continue;
          await closeAttempt(pool, null, closeOf(query, own.attemptId, { status: step.status }));
          if (step.status === 'succeeded' && !held.has(own.stage)) held.set(own.stage, own.attemptId);
        } else if (step.type === 'expire') {
          await pool.query(`update attempts set expires_at = now() - interval '1 s' where query_id = $1`, [
            query.queryId,
          ]);
          await sweep.orphanExpired(100);
        } else if (step.type === 'end') {
          const responses = [...held.values()];
          const usable = (await attemptsOfQuery(pool, query)).filter(({ status }) => status === 'succeeded');
          const servable = responses.filter((id) => usable.some(({ attemptId }) => attemptId === id));
          const served = servable[step.nth % Math.max(servable.length, 1)];
          if (served === undefined) continue;
          const verdicts = Object.fromEntries(
            responses.map((id) => [id, id === served ? ('accepted' as const) : ('corroborated' as const)]),
          );
          await ended(pool, query, servedBy(served), { verdicts });
        } else {
          await endQuery(pool, {
            ...query,
            runId: run.runId,
            onlyRunning: true,
            outcome: 'cancelled',
            served: null,
            servedModel: null,
            failureMessage: 'lost',
            retention: 'full',
            judgements: [],
          });
        }
      }
      const classes = await classesOf(query);
      for (const each of classes) seen.add(each);
      expect(classes).not.toContain('duplicate');
    }),
    { numRuns: 150, seed: 20_260_301 },
  );
  // The interleavings reach what they are about.
  expect([...seen]).toEqual(
    expect.arrayContaining(['accepted', 'corroborated', 'discarded', 'orphaned', 'unanswered', 'open']),
  );
});
