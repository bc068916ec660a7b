import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ScheduleNotFoundError } from '@temporalio/client';
import { beforeAll, describe, expect, test } from 'vitest';
import { promoteCommand } from '../cli/commands/promote.ts';
import { proposalsCommand } from '../cli/commands/proposals.ts';
import type { LearnApart } from '../cli/relearn/learn-apart.ts';
import { createRelearner } from '../cli/relearn/relearner.ts';
import type { Relearned } from '../core/relearning.ts';
import { learnCandidate } from '../learning/relearn/candidate.ts';
import { policyArms } from '../ledger/policies.ts';
import { listProposals } from '../ledger/proposals.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { parseSettings } from '../settings/load.ts';
import { relearnScheduleId } from '../worker/relearn-schedules.ts';
import { auditedTraffic } from './support/audited-traffic.ts';
import { buildTo } from './support/build.ts';
import { fakeContext } from './support/cli-stack.ts';
import { MADE_ANSWER, madeSet } from './support/made-set.ts';
import { record } from './support/recorder.ts';
import { useWorld } from './support/world.ts';

const PAIR = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, large: { usdPerMtok: 10, accuracy: 0.95 } };
const SET = madeSet(PAIR, { queries: 320, doubt: 0.95, shared: 0.9, silent: 0 });

/** Each asks both models of every query, which is as good as it gets, and dear. */
const task = (name: string, relearn: string): string => `
  ${name}:
    chain: [small, large]
    threshold: 0.9
    scorer: { name: constant, confidence: 0 }
    answer: { json: /answer, normalise: number }
    audit: 100%
    relearn: ${relearn}`;

const settingsText = `
providers:
  vendor: { base_url: "http://127.0.0.1:9/v1" }
models:
  small: { provider: vendor, id: small-1, max_output_tokens: 1000, price: { input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.1 } }
  large: { provider: vendor, id: large-1, max_output_tokens: 1000, price: { input_usd_per_mtok: 10, output_usd_per_mtok: 10 } }
tasks:${[
  task('better', '{ max_loss: 8% }'),
  task('canary', '{ max_loss: 8%, judge: last-stage, promote: { canary: 10% } }'),
  task('few', '{}'),
].join('')}
`;

const settings = parseSettings(settingsText, 'escalier.yaml', createScorerRegistry());

/** In this thread: the code is not built here. */
const learnHere: LearnApart = (job) => Promise.resolve(learnCandidate(job));

const world = useWorld({
  relearner: (pool) =>
    createRelearner({
      ...{ pool, settings, sealer: null, scorers: createScorerRegistry(), file: 'escalier.yaml' },
      learn: learnHere,
    }),
});

async function relearn(name: string): Promise<Relearned> {
  const workflowId = `escalier-relearn-${randomUUID()}`;
  const handle = await world.client.workflow.start('relearn', {
    ...{ taskQueue: world.taskQueue, workflowId, args: [name] },
  });
  const learned = (await handle.result()) as Relearned;
  if (learned.decision === 'promoted') await record('relearn', handle);
  return learned;
}

beforeAll(() => world.apply(...settings.policies));

describe('a task that is learned anew from its audits', () => {
  test('has a proposal with its evidence, once, which a person puts into service', async () => {
    const { pool, url } = world.database;
    await auditedTraffic(pool, SET, { task: 'better', labels: 'reference' });
    const learned = await relearn('better');
    expect(learned).toMatchObject({ decision: 'proposed', promotedVersion: null, canaryShare: null });
    expect(learned.reason).toMatch(
      /^it costs less, and it loses at most 8.00 points \(p = 0\.0\d+\): on \d+ held-out queries/,
    );
    const [proposal, ...others] = await listProposals(pool, 'better', 10);
    expect(others).toEqual([]);
    const { traffic, heldOut } = proposal!.evidence;
    expect(traffic).toEqual({ audited: 320, judged: 320, used: 320, judges: { reference: 320 } });
    expect(heldOut!.queries + heldOut!.learnedFrom).toBe(320);
    expect(heldOut!.costDifference.high).toBeLessThan(0);
    expect(heldOut!.judges).toEqual({ reference: heldOut!.queries });
    // The same evidence again: the same proposal.
    expect(await relearn('better')).toEqual(learned);

    const context = fakeContext({ DATABASE_URL: url });
    await proposalsCommand(context, { task: 'better', limit: 10 });
    expect(context.printed.join('\n')).toContain(`escalier promote --proposal ${learned.proposalId}`);
    expect((await policyArms(pool, 'better'))?.current.version).toBe(1);
  });

  test('takes a share of new queries at once where the task says so, as judged by the last stage', async () => {
    const { pool } = world.database;
    await auditedTraffic(pool, SET, { task: 'canary', labels: 'nobody' });
    const learned = await relearn('canary');
    expect(learned).toMatchObject({ decision: 'promoted', promotedVersion: 2 });
    const arms = await policyArms(pool, 'canary');
    expect(arms).toMatchObject({ current: { version: 1 }, canary: { version: 2, share: 0.1 } });
    const [proposal] = await listProposals(pool, 'canary', 1);
    expect(Object.keys(proposal!.evidence.heldOut!.judges)).toEqual(['last-stage']);
    const again = await relearn('canary');
    expect(again.decision).toBe('refused');
    expect(again.reason).toContain('version 2 is a canary: end it first');
  });

  test('is left alone where labels are too few, and it is said how many there are', async () => {
    const { pool } = world.database;
    await auditedTraffic(pool, SET, { task: 'few', labels: 'reference', queries: 12 });
    const learned = await relearn('few');
    expect(learned.decision).toBe('refused');
    expect(learned.reason).toContain('too few labels: 12 effective queries');
    expect(learned.reason).toContain('12 audits of the window have ended with their texts');
  });

  test('is left alone where quality does not hold on what was held out', async () => {
    const { pool, url } = world.database;
    const { maxLoss, ...how } = settings.relearning.get('better')!;
    const cheap = { ...how, maxLoss, goal: { type: 'budget', share: 0.05 } } as const;
    const relearner = createRelearner({
      ...{ pool, sealer: null, scorers: createScorerRegistry(), file: 'escalier.yaml' },
      settings: { ...settings, relearning: new Map([['better', cheap]]) },
      learn: learnHere,
    });
    const learned = await relearner.relearn('better', new AbortController().signal);
    expect(learned.decision).toBe('refused');
    expect(learned.reason).toMatch(
      /^quality is not shown to hold: that it loses more than 8.00 points cannot be ruled out \(p = \d.*, needed 0.05\): on \d+ held-out/,
    );
    expect((await policyArms(pool, 'better'))?.canary).toBeNull();
    const context = fakeContext({ DATABASE_URL: url });
    await expect(
      promoteCommand(context, undefined, {
        settings: 'examples/escalier.yaml',
        proposal: learned.proposalId,
      }),
    ).rejects.toThrow('was refused: quality is not shown to hold');
  });

  test('is tried again once the settings that refused what was learned are mended', async () => {
    const { pool } = world.database;
    const goal = { ...settings.relearning.get('better')!, maxLoss: 0.09 };
    const withAnswer = (answer: string) => {
      const text = settingsText.replaceAll('answer: { json: /answer, normalise: number }', answer);
      const parsed = parseSettings(text, 'escalier.yaml', createScorerRegistry());
      return createRelearner({
        ...{ pool, sealer: null, scorers: createScorerRegistry(), file: 'escalier.yaml', learn: learnHere },
        settings: { ...parsed, relearning: new Map([['better', goal]]) },
      }).relearn('better', new AbortController().signal);
    };
    const refusal = await withAnswer('answer: number');
    expect(refusal).toMatchObject({ decision: 'refused' });
    expect(refusal.reason).toMatch(/^the settings do not take what was learned: .*answer/);
    const mended = await withAnswer('answer: { json: /answer, normalise: number }');
    expect(mended).toMatchObject({ decision: 'proposed' });
    // Who writes the same settings again is told the same.
    expect(await withAnswer('answer: number')).toEqual(refusal);
  });

  test('is learned in a thread, which gives what this one would', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'escalier-thread-'));
    try {
      await buildTo(folder);
      const built = pathToFileURL(join(folder, 'cli', 'relearn', 'learn-apart.js')).href;
      const { learnApart } = (await import(built)) as { learnApart: LearnApart };
      const goal = { type: 'accuracy', target: 'best' } as const;
      const job = { set: SET, answer: MADE_ANSWER, goal, seed: 1 };
      expect(await learnApart(job, new AbortController().signal)).toEqual(learnCandidate(job));
      const cancelled = new AbortController();
      const learning = learnApart(job, cancelled.signal);
      cancelled.abort(new Error('no longer wanted'));
      await expect(learning).rejects.toThrow('no longer wanted');
      const few = { ...job, set: { ...SET, queries: SET.queries.slice(0, 20) } };
      await expect(learnApart(few, new AbortController().signal)).rejects.toThrow('too few to learn from');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the schedule of a task', () => {
  test('is made, changed and taken away with its setting; one that is paused stays so', async () => {
    const { taskQueue } = world;
    const handle = world.client.schedule.getHandle(relearnScheduleId('timed', taskQueue));
    const begin = async (everyMs: number | null): Promise<void> => {
      const worker = await world.startWorker({ relearning: new Map([['timed', everyMs]]) });
      await worker.stop();
    };
    await begin(null);
    await begin(3_600_000);
    expect(await handle.describe()).toMatchObject({
      spec: { intervals: [{ every: 3_600_000 }] },
      action: { workflowType: 'relearn', args: ['timed'] },
    });
    await handle.pause('not now');
    await begin(7_200_000);
    expect(await handle.describe()).toMatchObject({
      spec: { intervals: [{ every: 7_200_000 }] },
      state: { paused: true },
    });
    await begin(null);
    await expect(handle.describe()).rejects.toThrow(ScheduleNotFoundError);
  });
});
