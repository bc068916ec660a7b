import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulateCommand, type SimulateOptions } from '../cli/commands/simulate.ts';
import { readPolicyFile, simulatedFile } from '../cli/simulate/policy-file.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { sha256 } from '../core/request-hash.ts';
import { thresholdsOf, type StopRule } from '../core/stop-rule.ts';
import { halvesOf } from '../learning/split.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { createRecordedSetWriter } from '../recorded/write.ts';
import { createScorerRegistry } from '../scorers/index.ts';
import { fakeContext } from './support/cli-stack.ts';
import { SYNTHETIC } from './support/replay-world.ts';

const CHAIN = ['small', 'medium', 'large'];
const byHand = { recorded: SYNTHETIC, split: 'test', seed: 1, chain: CHAIN, threshold: 0.6 } as const;
const learnedScore = () => () => [];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-simulate-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function simulated(options: SimulateOptions): Promise<Record<string, never>> {
  const context = fakeContext({}, { json: true });
  await simulateCommand(context, options);
  return JSON.parse(context.printed.join('\n')) as Record<string, never>;
}

async function policyFile(content: object, name = 'policy.json'): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, JSON.stringify(content));
  return file;
}

/** Its thresholds depend on what a query has spent; at mean spend they are 0.6, 0.6 and 0. */
const BY_SPEND = {
  ...{ type: 'value' as const, lambdaUsd: 1 },
  steps: [1, 2].map(() => ({
    ...{ priceUsd: 0.4, spent: { meanUsd: 0.1, slope: 2 } },
    gain: { confidence: [0, 1], gain: [1, 0] },
  })),
};

const WRITTEN = {
  formatVersion: 1,
  task: 'word-problems',
  answer: { from: 'json', pointer: '/answer', normalise: 'number' },
  chain: CHAIN,
  thresholds: [0.6, 0.6, 0.6],
};

describe('escalier simulate', () => {
  test('says the same of a policy, whichever way it is given', async () => {
    const first = await simulated(byHand);
    expect(first).toMatchObject({ chain: CHAIN, leftOut: 0 });
    const task = first['task'];
    const file = await policyFile({ ...WRITTEN, task, scorer: { name: 'agreement' } });
    for (const policy of [file, folder]) {
      expect(await simulated({ recorded: SYNTHETIC, split: 'test', seed: 1, policy })).toEqual(first);
    }
  });

  test('measures a set without halves on the one that learning holds out', async () => {
    const set = await readRecordedSet(SYNTHETIC);
    const recorded = join(folder, 'no-halves');
    const writer = await createRecordedSetWriter(recorded);
    const queries = set.queries.map((query) => ({ ...query, split: undefined }));
    for (const query of queries) await writer.addQuery(query);
    for (const ofModel of set.responses.values())
      for (const response of ofModel.values()) await writer.addResponse(response);
    await writer.writeModels(set.models);
    await writer.close();
    const { train, test } = halvesOf(queries);
    const of = (split: SimulateOptions['split']) => simulated({ ...byHand, recorded, split });
    expect(await of('test')).toMatchObject({ queries: test.length, trainQueries: train.length });
    expect(await of('all')).toMatchObject({ queries: queries.length, trainQueries: null });
  });

  test('prints every figure with its interval', async () => {
    const context = fakeContext({});
    await simulateCommand(context, byHand);
    const text = context.printed.join('\n');
    for (const name of [
      'single model',
      'best mixture',
      'router',
      'random escalation',
      'majority vote',
      'oracle',
    ]) {
      expect(text).toContain(name);
    }
    expect(text).toMatch(/accuracy +\d+\.\d% \(\d+\.\d to \d+\.\d\)/);
    expect(text).toContain('dearer than large alone');
  });

  test.each([
    [{ policy: 'p.json' }, 'name one policy: --policy FILE'],
    [{ threshold: undefined }, '--chain needs --threshold'],
    [{ chain: ['small', 'huge'] }, 'models.json does not name huge'],
    [{ task: 'poems' }, 'it has no queries of the task "poems"'],
  ])('with %j says what to mend', async (change, message) => {
    const options = { ...byHand, ...change } as SimulateOptions;
    await expect(simulated(options)).rejects.toThrow(message);
  });
});

describe('a policy file', () => {
  const read = (file: string) => readPolicyFile(file, createScorerRegistry(), learnedScore);

  test('of a learned policy goes with the scorer that it was learned with', async () => {
    const artifact = { formatVersion: 1, weights: [1, 2] };
    await policyFile(artifact, 'scorer.json');
    const learned = {
      ...WRITTEN,
      modelAccuracy: [0.7, 0.8, 0.9],
      scorerSha256: sha256(canonicalJson(artifact)),
    };
    const seen: unknown[] = [];
    const policy = await readPolicyFile(await policyFile(learned), createScorerRegistry(), (found) => {
      seen.push(found);
      return () => [];
    });
    expect(seen).toEqual([artifact]);
    expect(policy).toMatchObject({ scorer: null, modelAccuracy: [0.7, 0.8, 0.9], scoresLastStage: true });
    await policyFile({ ...artifact, weights: [1, 3] }, 'scorer.json');
    await expect(read(await policyFile(learned))).rejects.toThrow('is not the scorer that');
  });

  test('has a rule that depends on what was spent decide, and leaves another to its thresholds', async () => {
    const scorer = { name: 'agreement' };
    const set = await readRecordedSet(SYNTHETIC);
    const simulatedOf = async (rule: StopRule) => {
      const thresholds = thresholdsOf(rule, CHAIN.length);
      return simulatedFile(await read(await policyFile({ ...WRITTEN, scorer, rule, thresholds })), set);
    };
    expect(await simulatedOf(BY_SPEND)).toMatchObject({ stopRule: BY_SPEND });
    expect(await simulatedOf({ type: 'threshold', threshold: 0.6 })).not.toHaveProperty('stopRule');
  });

  test.each([
    [{ ...WRITTEN, scorer: { name: 'agreement' }, rule: BY_SPEND }, 'rule: expected one that comes down to'],
    [
      { ...WRITTEN, scorer: { name: 'agreement' }, thresholds: [0.5] },
      'thresholds: expected one for each stage',
    ],
    [WRITTEN, 'scorer: expected either a scorer, or scorerSha256'],
    [{ ...WRITTEN, scorer: { name: 'agrement' } }, 'Did you mean "agreement"?'],
    [{ ...WRITTEN, scorer: { name: 'agreement', options: { prior: 0 } } }, 'options.prior'],
  ])('that is not one is refused by name', async (content, message) => {
    await expect(read(await policyFile(content))).rejects.toThrow(message);
  });
});
