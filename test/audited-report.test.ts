import { expect, test } from 'vitest';
import { reportCommand } from '../cli/commands/report.ts';
import { exactly } from '../core/spend.ts';
import { parseUsd } from '../core/money.ts';
import { createAuditLedger } from '../ledger/audits.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { taskReport } from '../ledger/report.ts';
import { fakeContext } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { attempted, ended, servedBy, started, storedPolicy, usd } from './support/ledger.ts';
import { chainOf } from './support/world.ts';

const database = useDatabase();
const chain = chainOf(['small', 'large']);

/** A query that stopped at the first stage ($0.01), and its audit, in which the last stage cost $0.20. */
async function audited(task: string, agrees: boolean): Promise<void> {
  const { pool } = database;
  const query = await started(pool, task);
  const small = await attempted(pool, query, { task, stage: 0, model: 'small' });
  await ended(pool, query, servedBy(small), { verdicts: { [small]: 'accepted' } });
  const audits = createAuditLedger(pool);
  expect(await audits.beginAudit(query)).not.toBeNull();
  const large = await attempted(
    pool,
    query,
    { task, stage: 1, model: 'large', purpose: 'audit' },
    { cost: usd('0.2') },
  );
  const end = { retention: 'full', baselineAttemptId: large, servedAgrees: agrees, message: null } as const;
  expect(await audits.endAudit({ ...query, ...end, agreements: [] })).toBe(true);
}

test('savings, accuracy and break-even rest on audits where there are enough, each with its count and interval', async () => {
  const { pool, url } = database;
  await applyPolicies(pool, [storedPolicy('told', { chain, audit: { share: 1 } })]);
  for (let at = 0; at < 25; at++) await audited('told', at >= 5);
  const [report] = await taskReport(pool, { task: 'told' });
  expect(report?.audited).toMatchObject({
    policyVersions: [1],
    audits: 25,
    accuracy: {
      judges: { 'last-stage': 25 },
      served: { audits: 25, estimate: 0.8 },
      gain: { estimate: -0.2 },
    },
    baselines: [
      {
        ...{ model: 'large', lastStage: true, queries: 25, actual: exactly(parseUsd('0.25')) },
        baseline: { audits: 25, estimate: parseUsd('5'), low: parseUsd('5'), high: parseUsd('5') },
      },
    ],
    // $0.01 against $0.20.
    stages: [{ stage: 0, audits: 25, stopped: 1, breakEven: 0.05, verdict: 'above' }],
  });
  const context = fakeContext({ DATABASE_URL: url });
  await reportCommand(context, 'all', { task: 'told' });
  const text = context.printed.join('\n');
  expect(text).toContain(
    'By 25 audits (95% interval): stage 1 (small) pays from 5.0% (5.0% to 5.0%), and stopped 100.0%: it pays by itself.',
  );
  expect(text).toMatch(
    /always large \(the last stage\) would have cost \$5.00 .*: saved \$4.75 .*; 25 audits called it\./,
  );
  expect(text).toMatch(/accuracy: 80.0% \(\d.* over 25 audits, as judged by last-stage \(25\)\./);
  expect(text).toMatch(/served less that: −20.0 points \(−/);
});

test('with few audits nothing is claimed beyond the bounds; without any, nothing is said of them', async () => {
  const { pool, url } = database;
  await applyPolicies(pool, [storedPolicy('few', { chain, audit: { share: 1 } })]);
  await audited('few', true);
  const [report] = await taskReport(pool, { task: 'few' });
  expect(report?.audited).toMatchObject({
    audits: 1,
    baselines: [{ model: 'large', baseline: null }],
    stages: [],
  });
  const context = fakeContext({ DATABASE_URL: url });
  await reportCommand(context, 'savings', { task: 'few' });
  expect(context.printed.join('\n')).toContain('too few audits called it to say what it would have cost');

  await applyPolicies(pool, [storedPolicy('none', { chain })]);
  const query = await started(pool, 'none');
  const small = await attempted(pool, query, { task: 'none', stage: 0, model: 'small' });
  await ended(pool, query, servedBy(small), { verdicts: { [small]: 'accepted' } });
  const [unaudited] = await taskReport(pool, { task: 'none' });
  expect(unaudited?.audited).toBeNull();
});
