import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { learnCommand, type LearnCommandOptions } from '../cli/commands/learn.ts';
import { shareOf } from '../cli/arguments.ts';
import type { LearnResult } from '../cli/learn/result.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { sha256 } from '../core/request-hash.ts';
import { writeSyntheticSet } from '../recorded/synthetic.ts';
import { fromArtifact } from '../scorers/learned/artifact.ts';
import { fakeContext } from './support/cli-stack.ts';

let folder: string;
let recorded: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-learn-'));
  recorded = join(folder, 'set');
  await writeSyntheticSet(recorded, { queries: 200, seed: 3 });
});
afterAll(() => rm(folder, { recursive: true }));

async function learn(own: Partial<LearnCommandOptions>, json = true) {
  const context = { ...fakeContext({}, { json }), dataFolder: folder };
  await learnCommand(context, {
    confidence: 0.9,
    include: [],
    seed: 1,
    out: join(folder, 'out'),
    recorded,
    ...own,
  });
  return context;
}

const fileOf = (out: string, name: string) => readFile(join(folder, out, name), 'utf8');

describe('escalier learn', () => {
  test('writes policy, scorer and report, and prints the report', async () => {
    const { printed } = await learn({ budget: 0.5, out: join(folder, 'one') });
    const result = JSON.parse(printed.join('\n')) as LearnResult;
    expect(Object.keys(result)).toEqual(
      expect.arrayContaining(['chain', 'rule', 'parameters', 'train', 'test']),
    );
    for (const half of [result.train, result.test!]) {
      for (const name of [
        ...['accuracy', 'cost_usd_per_query', 'cost_share', 'auroc', 'auroc_agreement', 'ece', 'ece_answer'],
        ...['discarded_share'],
      ]) {
        expect(half, name).toHaveProperty(name, expect.any(Number));
      }
      const [low, high] = half.accuracy_interval;
      expect(low <= half.accuracy && half.accuracy <= high).toBe(true);
      expect(half.escalation).toHaveLength(result.chain.length);
      expect(half.escalation[0]).toBe(1);
    }
    expect(result.promised.cost_share).toBeLessThanOrEqual(0.5);
    expect(JSON.parse(await fileOf('one', 'report.json'))).toEqual(result);
    const [policy, scorer] = [await fileOf('one', 'policy.json'), await fileOf('one', 'scorer.json')];
    expect(sha256(canonicalJson(JSON.parse(policy)))).toBe(result.policy_sha256);
    expect(sha256(canonicalJson(JSON.parse(scorer)))).toBe(result.scorer_sha256);
    expect(fromArtifact(JSON.parse(scorer)).models).toHaveLength(3);

    await learn({ budget: 0.5, out: join(folder, 'two') });
    expect(await fileOf('two', 'policy.json')).toBe(policy);
    expect(await fileOf('two', 'scorer.json')).toBe(scorer);
  });

  test('says for people what it says in JSON, and certifies where it is asked to', async () => {
    const { printed, said } = await learn({ maxRegret: 0.2 }, false);
    expect(said.join('\n')).toMatch(
      /regret ≤ 20%: by the selection data, \d+ certify labels give a chance of/,
    );
    expect(printed.join('\n')).toMatch(
      /train, cross-fitted[\s\S]*Promised on the selection data:.*Delivered on test:/,
    );
    const { certification } = JSON.parse(await fileOf('out', 'report.json')) as LearnResult;
    expect(printed.join('\n')).toContain(certification!.statement);
    expect(await readFile(join(folder, 'certify-uses.jsonl'), 'utf8')).toContain('"split"');
  });

  test('prints resplits', async () => {
    const { printed } = await learn({ budget: 1, resplits: 2 });
    const { resplits } = JSON.parse(printed.join('\n')) as { resplits: LearnResult['resplits'] };
    expect(resplits).toMatchObject({
      splits: 2,
      accuracy_interval: [expect.any(Number), expect.any(Number)],
    });
  });

  test.each<[Partial<LearnCommandOptions> | { recorded: undefined }, string]>([
    [{ recorded: undefined }, 'name what to learn from: --recorded FOLDER, or --from-ledger with --task'],
    [{ fromLedger: true }, 'name what to learn from'],
    [{ recorded: undefined, fromLedger: true }, '--from-ledger needs --task'],
    [{ task: 'poems' }, 'has queries of arithmetic-demo'],
    [{ budget: 0.2, maxRegret: 0.02 }, 'name one goal'],
    [{ maxRegret: 1.5 }, 'a regret of 150% cannot be certified'],
    [{ maxHarm: 0.02, confidence: 1 }, '--confidence: expected a share between 0% and 100%'],
    [{ budget: 0.2, baseline: 'large' }, '--baseline goes with'],
    [{ maxHarm: 0.02, baseline: 'huge' }, 'the set has no model "huge"'],
    [{ include: ['huge'] }, '--include: there is no model "huge"'],
    [{ budget: 0.0001 }, 'no policy is sure to stay within'],
    [{ recorded: '/nowhere' }, '/nowhere'],
  ])('with %j says what to mend', async (change, message) => {
    await expect(learn(change as Partial<LearnCommandOptions>)).rejects.toThrow(message);
  });

  test.each(['', 'much', '-5%', '20 %%', '1e3'])('takes "%s" for no share', (text) => {
    expect(() => shareOf(text)).toThrow('expected a share such as 20% or 0.2');
  });
});
