import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportCommand } from '../cli/commands/export.ts';
import { simulateAll } from '../cli/demo/check.ts';
import { chooseChain, demoPolicy } from '../cli/demo/policy.ts';
import { labelServed } from '../cli/label.ts';
import { readSource } from '../cli/learn/source.ts';
import { ledgerRecordedSet } from '../cli/ledger-set/read.ts';
import { parseUsd } from '../core/money.ts';
import { NO_USAGE } from '../core/usage.ts';
import { comparable } from '../learning/dataset.ts';
import { labelCoverage, tooFewLabels } from '../learning/label-coverage.ts';
import { labelAttempt } from '../ledger/labels.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { keepPrices } from '../ledger/prices.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { readRecordedSet } from '../recorded/read.ts';
import { auditedTraffic } from './support/audited-traffic.ts';
import { fakeContext } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { attempted, ended, requestOf, servedBy, started, storedPolicy } from './support/ledger.ts';
import { MADE_ANSWER, madeSet } from './support/made-set.ts';
import { chainOf, priceOf } from './support/policies.ts';
import { askOf, inParallel, useReplayWorld } from './support/replay-world.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-ledger-set-'));
});
afterAll(() => rm(folder, { recursive: true }));

const EXPORT = { format: 'csv', tables: [], recordedSet: true } as const;

describe('a ledger as a recorded set', () => {
  const database = useDatabase();
  const prices = [priceOf('1', '2'), priceOf('5', '10')];

  async function answered(
    query: QueryRef,
    stage: number,
    text: string,
    more: {
      purpose?: 'serve' | 'audit';
      model?: string;
      priceId?: string | null;
      tokens?: null;
      ordinal?: number;
    } = {},
  ): Promise<string> {
    const model = more.model ?? ['small', 'medium'][stage]!;
    const priceId = more.priceId === undefined ? prices[stage]!.id : more.priceId;
    return attempted(
      database.pool,
      query,
      { task: 'sums', stage, model, priceId, purpose: more.purpose ?? 'serve', ordinal: more.ordinal ?? 0 },
      {
        usage:
          more.tokens === null
            ? null
            : { ...NO_USAGE, inputTokens: 100, outputTokens: 10, cachedInputTokens: 40 },
        response: {
          text,
          kept: { message: { role: 'assistant', content: text }, finishReason: 'stop', logprobs: null },
        },
      },
    );
  }

  const ids: string[] = [];
  beforeAll(async () => {
    const { pool } = database;
    await applyPolicies(pool, [storedPolicy('sums', { chain: chainOf(['small', 'medium']) })]);
    for (const [at, price] of prices.entries())
      await keepPrices(pool, { provider: 'vendor', modelId: ['small-1', 'medium-1'][at]! }, [price]);
    const query = async (content: string): Promise<QueryRef> => {
      const ref = await started(pool, 'sums', { request: requestOf('sums', content) });
      ids.push(ref.queryId);
      return ref;
    };

    // Small is served and labelled right; an audit asked medium, which agrees.
    const q1 = await query('one');
    const a1 = await answered(q1, 0, 'It is 42.');
    await ended(pool, q1, servedBy(a1), { verdicts: { [a1]: 'accepted' } });
    await labelAttempt(pool, { ...q1, attemptId: a1, correct: true, source: 'reference' });

    // They differ: medium's label says nothing of small's answer.
    const q2 = await query('two');
    const b1 = await answered(q2, 0, '1');
    const b2 = await answered(q2, 1, '2');
    await ended(pool, q2, servedBy(b2, { stage: 1 }), { verdicts: { [b1]: 'rejected', [b2]: 'accepted' } });
    await labelAttempt(pool, { ...q2, attemptId: b2, correct: false, source: 'reference' });

    // Medium has no price, no token counts, and small a second response.
    const q3 = await query('three');
    const c1 = await answered(q3, 0, '3');
    await answered(q3, 1, '3', { model: 'medium', priceId: null });
    await answered(q3, 1, '3', { model: 'medium', tokens: null, ordinal: 1 });
    await answered(q3, 1, '3', { model: 'small', ordinal: 2 });
    await ended(pool, q3, servedBy(c1), { verdicts: { [c1]: 'accepted' } });

    // Not retained; without a response; still running.
    const q4 = await query('four');
    const d1 = await answered(q4, 0, '4');
    await ended(pool, q4, servedBy(d1), { verdicts: { [d1]: 'accepted' }, retention: 'none' });
    await ended(pool, await query('five'), null);
    await answered(await query('six'), 0, '6');
  });

  test('holds messages, responses, prices and labels, and says what is not in it', async () => {
    const { set, tally } = await ledgerRecordedSet(database.pool, null, { task: 'sums' });
    expect(set.queries).toEqual([
      { id: ids[0], task: 'sums', messages: [{ role: 'user', content: 'one' }] },
      { id: ids[1], task: 'sums', messages: [{ role: 'user', content: 'two' }] },
      { id: ids[2], task: 'sums', messages: [{ role: 'user', content: 'three' }] },
    ]);
    expect(set.responses.get('small')?.get(ids[0]!)).toEqual({
      ...{ id: ids[0], model: 'small', text: 'It is 42.', correct: 1 },
      ...{ input_tokens: 100, output_tokens: 10, cached_tokens: 40 },
    });
    const labels = ['small', 'medium'].map((model) =>
      ids.map((id) => set.responses.get(model)?.get(id)?.correct),
    );
    expect(labels).toEqual([
      [1, undefined, undefined, undefined, undefined, undefined],
      [undefined, 0, undefined, undefined, undefined, undefined],
    ]);
    expect(set.models).toMatchObject({
      small: { provider: 'vendor', input_usd_per_mtok: 1, output_usd_per_mtok: 2, source: 'test' },
      medium: { provider: 'vendor', input_usd_per_mtok: 5, output_usd_per_mtok: 10 },
    });
    expect(tally).toMatchObject({ queries: 3, responses: 4, propagatedLabels: 0 });
    expect(tally.leftOut).toEqual({
      ...{ 'no-price': 1, 'no-token-counts': 1, 'second-response': 1, 'no-texts': 1, 'no-response': 1 },
    });
  });

  test('gives a label to a response with the same answer, an audit’s too, while labels agree', async () => {
    const { pool } = database;
    const query = await started(pool, 'sums', { request: requestOf('sums', 'seven') });
    const own = await answered(query, 0, '7');
    const audit = await answered(query, 1, 'It comes to 7.00', { purpose: 'audit' });
    await ended(pool, query, servedBy(own), { verdicts: { [own]: 'accepted' } });
    await labelAttempt(pool, { ...query, attemptId: own, correct: true, source: 'reference' });
    const labels = async () => {
      const { set, tally } = await ledgerRecordedSet(pool, null, { task: 'sums' });
      const label = (model: string) => set.responses.get(model)?.get(query.queryId)?.correct;
      return [label('small'), label('medium'), tally.propagatedLabels];
    };
    expect(await labels()).toEqual([1, 1, 1]);
    await labelAttempt(pool, { ...query, attemptId: audit, correct: false, source: 'a reviewer' });
    expect(await labels()).toEqual([1, 0, 0]);
    // A person's word counts, also where another source said something else later.
    const person = { ...query, attemptId: audit, source: 'ada', sourceKind: 'person' } as const;
    await labelAttempt(pool, { ...person, correct: true });
    await labelAttempt(pool, { ...query, attemptId: audit, correct: false, source: 'a rule' });
    expect(await labels()).toEqual([1, 1, 0]);
  });

  test('is written as files, and nothing is where nothing was retained', async () => {
    const context = fakeContext({ DATABASE_URL: database.url });
    const out = join(folder, 'sums');
    await exportCommand(context, { ...EXPORT, task: 'sums', out });
    const text = context.printed.join('\n');
    expect(text).toContain('Left out: ');
    expect(text).toContain('1 queries whose texts are not retained');
    expect(text).toMatch(/small +4 +2 +50\.0% +2/);
    expect((await readRecordedSet(out)).queries).toHaveLength(4);
    await expect(exportCommand(context, { ...EXPORT, task: 'sums', out })).rejects.toThrow('is not empty');
    const none = { ...EXPORT, task: 'sums', until: '2020-01-01', out: join(folder, 'none') };
    await expect(exportCommand(context, none)).rejects.toThrow('no ended query with retained texts');
    await expect(exportCommand(context, { ...EXPORT, out })).rejects.toThrow('--task');
  });
});

describe('learning from a ledger', () => {
  const database = useDatabase();
  const PAIR = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, medium: { usdPerMtok: 10, accuracy: 0.95 } };

  test('takes audited queries alone: the dear model’s other answers are to hard ones', async () => {
    const { pool, url } = database;
    const policy = { chain: chainOf(['small', 'medium']), answer: MADE_ANSWER, audit: { share: 1 } };
    await applyPolicies(pool, [storedPolicy('sums', policy)]);
    await auditedTraffic(pool, madeSet(PAIR, { queries: 360, silent: 0 }), {
      task: 'sums',
      labels: 'reference',
    });
    // As if fifty had not been drawn: what an audit bought of them is not there.
    await pool.query(
      `with others as (select query_id from queries order by query_id limit 50),
         undrawn as (delete from audits where query_id in (select query_id from others))
       delete from attempts where purpose = 'audit' and query_id in (select query_id from others)`,
    );
    const context = fakeContext({ DATABASE_URL: url });
    const { set, leftOut } = await readSource(context, { fromLedger: true, task: 'sums' });
    expect(leftOut).toMatchObject([{ what: '50 queries' }]);
    const { queries, models } = comparable(set);
    expect([queries.length, models]).toEqual([310, ['small', 'medium']]);
    await pool.query(
      `delete from audits where query_id in (select query_id from audits order by query_id limit 20)`,
    );
    await expect(readSource(context, { fromLedger: true, task: 'sums' })).rejects.toThrow(
      /^too few labels: 290 effective queries .* 70 queries of the task were not drawn by chance/,
    );
  });
});

describe('label coverage', () => {
  const query = (id: string, chance?: number) => ({
    ...{ id, task: 't', messages: [{ role: 'user', content: id }] },
    ...(chance === undefined ? {} : { inclusion_probability: chance }),
  });
  const model = { provider: 'vendor', input_usd_per_mtok: 1, output_usd_per_mtok: 1 };
  const labelled = (name: string, ids: readonly string[]) =>
    new Map(
      ids.map((id) => [
        id,
        { id, model: name, text: '1', input_tokens: 1, output_tokens: 1, correct: 1 as const },
      ]),
    );
  const responses = new Map([
    ['cheap', labelled('cheap', ['a', 'b', 'c', 'd'])],
    ['dear', labelled('dear', ['a', 'b', 'c'])],
  ]);
  const models = { cheap: model, dear: model };

  test('counts each labelled query where none was drawn', () => {
    const coverage = labelCoverage({
      queries: ['a', 'b', 'c', 'd'].map((id) => query(id)),
      responses,
      models,
    });
    expect(coverage).toEqual({
      ...{ queries: 4, drawn: 0, complete: { queries: 3, effective: 3 } },
      models: [
        { model: 'cheap', responses: 4, labelled: 4, effective: 4, share: 1 },
        { model: 'dear', responses: 3, labelled: 3, effective: 3, share: 0.75 },
      ],
    });
    expect(tooFewLabels(coverage, 3)).toBeNull();
    expect(tooFewLabels(coverage)).toContain(
      '3 effective queries have a labelled response of every model, and 300 are needed',
    );
    expect(tooFewLabels(coverage)).toContain('cheap 4, dear 3');
  });

  test('counts draws by what they stand for, and what was not drawn not at all', () => {
    const queries = [query('a', 0.1), query('b', 0.5), query('c'), query('d')];
    const { drawn, complete } = labelCoverage({ queries, responses, models });
    expect(drawn).toBe(2);
    // Weights 10 and 2: 12² / 104.
    expect(complete).toEqual({ queries: 3, effective: 144 / 104 });
  });
});

describe('what was served', () => {
  const world = useReplayWorld();

  test('exports to a set on which the policy is simulated as it was served', async () => {
    const policy = demoPolicy(world.set, chooseChain(world.set));
    await world.apply(policy);
    const { pool } = world.database;
    const answers = await inParallel(world.set.queries.slice(0, 20), 20, (query) =>
      world.client.ask(askOf(query)),
    );
    for (const answer of answers) await labelServed(pool, answer, true, 'reference');
    const { set, tally } = await ledgerRecordedSet(pool, null, { task: policy.task });
    expect(tally.leftOut).toEqual({});
    const runs = await simulateAll(set, policy, set.queries);
    const { rows } = await pool.query<{ usd: string }>('select sum(cost_usd)::text as usd from attempts');
    expect(runs.reduce((sum, { cost }) => sum + cost, 0n)).toBe(parseUsd(rows[0]!.usd));
    expect(runs.every(({ correct }) => correct === true)).toBe(true);
    // Of two that agree the first is served, and both have its label.
    expect(tally.propagatedLabels).toBeGreaterThan(0);
  });
});
