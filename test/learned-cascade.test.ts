import { describe, expect, test } from 'vitest';
import { certificateText } from '../core/certificate.ts';
import type { Policy } from '../core/policy.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { thresholdAfter, thresholdsOf, type StopRule } from '../core/stop-rule.ts';
import { promotePolicy } from '../ledger/promotion.ts';
import { createLearnedKind } from '../scorers/learned/kind.ts';
import { artifactsOf } from '../worker/learned-scorers.ts';
import { certificateOf, compileStandIn, hashOf, type StandIn } from './support/learned.ts';
import {
  answered,
  chainOf,
  failureOf,
  held,
  localScorer,
  policyOf,
  queryOf,
  scripted,
  useWorld,
} from './support/world.ts';

const NOBODY = { by: null, reason: null };
/** Every read of an artifact: worker, then hash. */
const reads: string[] = [];

const world = useWorld({
  kinds: (pool, worker) => [
    createLearnedKind((sha256) => {
      reads.push(`${worker} ${sha256}`);
      return artifactsOf(pool)(sha256);
    }, compileStandIn),
  ],
});

/** At 0.9 the first answer is accepted, at 0.1 the chain is climbed. */
const SURE: StandIn = { confidence: 0.9 };
const UNSURE: StandIn = { confidence: 0.1 };

function learned(task: string, artifact: StandIn): Policy {
  const chain = chainOf(['small', 'large']);
  return policyOf(task, {
    chain,
    scorer: localScorer('learned', { sha256: hashOf(artifact) }),
    learned: {
      policySha256: 'e'.repeat(64),
      rule: { type: 'threshold', threshold: 0.6 },
      modelAccuracy: [0.7, 0.9],
      certificate: certificateOf(artifact),
    },
  });
}

async function promote(task: string, artifact: StandIn): Promise<number> {
  const promotion = {
    policy: learned(task, artifact),
    written: policyOf(task),
    artifact,
    canaryShare: null,
  };
  return (await promotePolicy(world.database.pool, promotion, NOBODY)).version;
}

describe('a learned scorer', () => {
  test('is pinned: a query that runs keeps it while new queries take the next; each is read once by a worker', async () => {
    // Queries that run at once need a worker that keeps workflows between their tasks: see `useWorld`.
    const taskQueue = `${world.taskQueue}-cached`;
    const worker = await world.startWorker({ taskQueue, maxCachedWorkflows: 10, identity: 'cached' });
    try {
      const old = await promote('pinned', SURE);
      const waits = held();
      world.vendor = scripted({ small: [waits.vendor, answered('42')], large: [answered('43')] });
      const running = await world.start('pinned', { taskQueue });
      await world.arrived('small');

      const next = await promote('pinned', UNSURE);
      const climbed = await world.ask('pinned', { taskQueue });
      expect(climbed).toMatchObject({
        policyVersion: next,
        outcome: 'last-stage',
        model: 'large',
        confidence: 0.1,
      });

      waits.release(answered('42'));
      const kept = (await running.result()) as CascadeAnswer;
      expect(kept).toMatchObject({
        policyVersion: old,
        outcome: 'accepted',
        model: 'small',
        confidence: 0.9,
      });

      for (let again = 0; again < 3; again++) await world.ask('pinned', { taskQueue });
      expect(reads).toEqual([`cached ${hashOf(SURE)}`, `cached ${hashOf(UNSURE)}`]);
    } finally {
      await worker.stop();
    }
  });

  test('is in the plan by its hash, and the certificate in the details', async () => {
    await promote('shown', SURE);
    const handle = await world.start('shown');
    await handle.result();
    const { events } = await handle.fetchHistory();
    const markers = (events ?? []).flatMap((event) =>
      Object.values(event.markerRecordedEventAttributes?.details ?? {}).flatMap(({ payloads }) =>
        (payloads ?? []).map(({ data }) => Buffer.from(data ?? []).toString()),
      ),
    );
    expect(markers.filter((text) => text.includes('"formatVersion":1'))).toEqual([
      expect.stringMatching(
        new RegExp(`"scorer":{"name":"learned",.*"options":{"sha256":"${hashOf(SURE)}"}`),
      ),
    ]);
    const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    expect(currentDetails).toContain(`Certificate: ${certificateText(certificateOf(SURE))}`);
  });

  test('is needed before anything is spent: without it the query fails by name, and goes on once it is there', async () => {
    const missing: StandIn = { confidence: 0.95 };
    await world.apply(learned('missing', missing));
    const handle = await world.start('missing');
    const failure = await failureOf(handle.result());
    expect(failure).toMatchObject({ type: 'escalier.failed', details: { code: 'failed', attempts: [] } });
    expect(failure.message).toMatch(
      new RegExp(`^the ledger has no learned scorer ${hashOf(missing)}: promote its policy again`),
    );
    expect(world.asked()).toEqual([]);
    expect(await queryOf(world.database.pool, handle.workflowId)).toMatchObject({ outcome: 'failed' });

    await promote('missing', missing);
    const again = await world.ask('missing', { id: handle.workflowId });
    expect(again).toMatchObject({ policyVersion: 1, outcome: 'accepted', confidence: 0.95 });
  });
});

describe('a learned rule that depends on what a query has spent', () => {
  /** At mean spend 0.8 accepts; the small model's usual call costs $0.00012, and then 0.976 does. */
  const rule: StopRule = {
    ...{ type: 'value', lambdaUsd: 0.05 },
    steps: [
      {
        ...{ priceUsd: 0.01, spent: { meanUsd: 0.001, slope: 10 } },
        gain: { confidence: [0, 1], gain: [1, 0] },
      },
    ],
  };
  const HALF_SURE: StandIn = { confidence: 0.7 };

  test('is pinned, decides by the ledger’s amounts, and its thresholds are in the answer, the rows and the details', async () => {
    const { pool } = world.database;
    const policy = learned('by-spend', HALF_SURE);
    const promotion = {
      policy: { ...policy, thresholds: thresholdsOf(rule, 2), learned: { ...policy.learned!, rule } },
      ...{ written: policyOf('by-spend'), artifact: HALF_SURE, canaryShare: null },
    };
    await promotePolicy(pool, promotion, NOBODY);

    const cheap = answered('42');
    if (cheap.type !== 'answered') throw new Error('the vendor answers');
    const dear = { ...cheap, usage: { ...cheap.usage!, outputTokens: 1000 } };
    world.vendor = scripted({ small: [cheap, dear], large: [answered('43')] });

    const climbed = await world.start('by-spend');
    const all = (await climbed.result()) as CascadeAnswer;
    expect(all).toMatchObject({ outcome: 'accepted', model: 'large', threshold: 0 });
    const { rows } = await pool.query(
      'select model, threshold from attempts where workflow_id = $1 order by stage',
      [climbed.workflowId],
    );
    expect(rows).toEqual([
      { model: 'small', threshold: thresholdAfter(rule, 0, 2, 0.00012) },
      { model: 'large', threshold: 0 },
    ]);
    const { currentDetails } = await climbed.query<{ currentDetails: string }>(
      '__temporal_workflow_metadata',
    );
    expect(currentDetails).toMatch(/\| small \| .* \| 97\.6% \|/);

    const stopped = await world.ask('by-spend');
    expect(stopped).toMatchObject({ outcome: 'accepted', model: 'small' });
    expect(stopped.threshold).toBe(thresholdAfter(rule, 0, 2, 0.0021));
  });
});
