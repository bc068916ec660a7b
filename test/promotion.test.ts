import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyCommand } from '../cli/commands/apply.ts';
import { canaryCommand } from '../cli/commands/canary.ts';
import { policiesCommand } from '../cli/commands/policies.ts';
import { promoteCommand, type PromoteOptions } from '../cli/commands/promote.ts';
import { reportCommand } from '../cli/commands/report.ts';
import { rollbackCommand } from '../cli/commands/rollback.ts';
import { CliError } from '../cli/exit.ts';
import { takesCanary } from '../core/canary.ts';
import { certificateText } from '../core/certificate.ts';
import type { LearnedPolicy } from '../core/learned-policy.ts';
import { parseUsd } from '../core/money.ts';
import { exactly } from '../core/spend.ts';
import { labelAttempt } from '../ledger/labels.ts';
import { applyPolicies, currentPolicy } from '../ledger/policies.ts';
import { keepScorer, readScorer } from '../ledger/scorers.ts';
import { startQuery } from '../ledger/start-query.ts';
import type { QueryRef } from '../ledger/texts.ts';
import { fakeContext, type FakeContext } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import {
  attempted,
  ended,
  newRun,
  requestOf,
  servedBy,
  startedQuery,
  storedPolicy,
} from './support/ledger.ts';
import { certificateOf, compileStandIn, hashOf, learnedPolicyOf, type StandIn } from './support/learned.ts';

const database = useDatabase();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-promotion-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ARTIFACT: StandIn = { confidence: 0.9 };

const settingsOf = (task: string, limits = ''): string => `
models:
  small: { provider: openai, id: gpt-5-nano, max_output_tokens: 1000 }
  medium: { provider: openai, id: gpt-5-mini, max_output_tokens: 1000 }
  large: { provider: openai, id: gpt-5, max_output_tokens: 1000 }
tasks:
  ${task}:
    chain: [medium, { model: large, timeout: 90s }]
    threshold: 1
    scorer: agreement
    answer: number
${limits}`;

/** What `escalier learn` would have written, and the settings beside it. */
async function written(
  task: string,
  overrides: Partial<LearnedPolicy> = {},
  settings: string = settingsOf(task),
  artifact: unknown = ARTIFACT,
): Promise<{ folder: string; options: PromoteOptions }> {
  const own = await mkdtemp(join(folder, 'learned-'));
  await writeFile(join(own, 'policy.json'), JSON.stringify(learnedPolicyOf(task, ARTIFACT, overrides)));
  await writeFile(join(own, 'scorer.json'), JSON.stringify(artifact, null, 2));
  await writeFile(join(own, 'escalier.yaml'), settings);
  return { folder: own, options: { settings: join(own, 'escalier.yaml') } };
}

function contextOf(json = false): FakeContext {
  return fakeContext({ DATABASE_URL: database.url, USER: 'ana' }, { json });
}

async function promote(
  { folder: from, options }: Awaited<ReturnType<typeof written>>,
  more: Partial<PromoteOptions> = {},
): Promise<string> {
  const context = contextOf();
  await promoteCommand(context, from, { ...options, ...more }, compileStandIn);
  return context.printed.join('\n');
}

async function apply({ options }: Awaited<ReturnType<typeof written>>, force = false): Promise<string> {
  const context = contextOf();
  await applyCommand(context, { ...options, force });
  return context.said.join('\n');
}

interface Stretch {
  readonly action: string;
  readonly from: number | null;
  readonly to: number;
  readonly canary: number | null;
  readonly share: number | null;
}

async function historyOf(task: string): Promise<Stretch[]> {
  const { rows } = await database.pool.query<Stretch>(
    `select c.action, from_version as "from", version as "to", p.canary_version as canary, p.canary_share as share
     from policy_periods p join policy_changes c on (c.task, c.changed_at) = (p.task, p.since)
     where p.task = $1 order by since`,
    [task],
  );
  return rows;
}

describe('promote', () => {
  test('completes a learned policy by its task’s settings, and keeps what was written by hand to go back to', async () => {
    const made = await written('completed');
    const text = await promote(made, { reason: 'first try' });
    expect(text.split('\n')).toEqual([
      'Task completed: version 2 is current for new queries (was 1).',
      expect.stringMatching(/^ {2}chain +small \(\$[\d.]+\) → large \(\$[\d.]+\)$/),
      '  promised     89.0% right for $0.0004200 a query, 21.0% of what large costs',
      `  certificate  ${certificateText(certificateOf(ARTIFACT))}`,
    ]);
    const current = await currentPolicy(database.pool, 'completed');
    expect(current?.version).toBe(2);
    expect(current?.policy).toMatchObject({
      chain: [
        { model: 'small', modelId: 'gpt-5-nano', timeoutMs: 60_000 },
        // Of the stage that the settings write for it.
        { model: 'large', modelId: 'gpt-5', timeoutMs: 90_000 },
      ],
      thresholds: [0.8, 0.8],
      scorer: { name: 'learned', options: { sha256: hashOf(ARTIFACT) }, remote: false },
      answer: { from: 'number' },
      learned: {
        rule: { type: 'threshold', threshold: 0.8 },
        modelAccuracy: [0.7, 0.9],
        certificate: certificateOf(ARTIFACT),
      },
    });
    expect(await readScorer(database.pool, hashOf(ARTIFACT))).toEqual(ARTIFACT);
    expect(await historyOf('completed')).toEqual([
      { action: 'apply', from: null, to: 1, canary: null, share: null },
      { action: 'promote', from: 1, to: 2, canary: null, share: null },
    ]);
    const { rows } = await database.pool.query(
      `select changed_by like 'ana@%' as by, reason from policy_changes where task = 'completed' and action = 'promote'`,
    );
    expect(rows).toEqual([{ by: true, reason: 'first try' }]);
    expect(await promote(made)).toMatch(/^Task completed: version 2 is current .* as it was already\./);
  });

  test.each([
    [
      'a model that the settings lack',
      { chain: ['smal', 'large'] },
      /policy\.json with .*escalier\.yaml: tasks\.t\.chain\.0: there is no model "smal" under models: did you mean small\?$/,
    ],
    [
      'answers that are found in another way',
      { answer: { from: 'open' as const } },
      /tasks\.t\.answer: the policy was learned on answers that are found in another way \(\{"from":"open"\}, here \{"from":"number".*learn again/,
    ],
    [
      'a task that the settings lack',
      { task: 'u' },
      /has no task "u", which .* was learned for \(there are: t\)/,
    ],
    [
      'thresholds that are not the rule’s',
      { thresholds: [0.5, 0.8] },
      /policy\.json: thresholds are not what the rule comes down to \(it is written by "escalier learn", and not edited\)/,
    ],
    [
      'a price that falls with what was spent',
      {
        ...{ chain: ['small', 'large'], thresholds: [0, 0] },
        rule: {
          ...{ type: 'value' as const, lambdaUsd: 0 },
          steps: [
            {
              ...{ priceUsd: 1, spent: { meanUsd: 1, slope: -1 } },
              gain: { confidence: [1], gain: [0] },
            },
          ],
        },
      },
      /rule\.steps\.0\.spent\.slope/,
    ],
    ['a chain with too few thresholds', { thresholds: [0.8] }, /thresholds has 1 entries for a chain of 2/],
    [
      'a certificate of another scorer',
      { certificate: { ...certificateOf(ARTIFACT), scorerSha256: 'f'.repeat(64) } },
      /certificate was given for another scorer/,
    ],
    [
      'a scorer of another run',
      { scorerSha256: 'f'.repeat(64), certificate: null },
      /scorer\.json is not the scorer that .*policy\.json was learned with \(its SHA-256 is [0-9a-f]{64}, expected f{64}\): take both/,
    ],
  ])('refuses %s', async (_what, overrides, message) => {
    await expect(promote(await written('t', overrides, settingsOf('t')))).rejects.toThrow(message);
    expect(await currentPolicy(database.pool, 't')).toBeNull();
  });

  test('refuses a model without a price under a limit on cost, as the settings do', async () => {
    const settings = settingsOf('t', '    max_cost_per_query_usd: 0.1').replace(
      'id: gpt-5-nano,',
      'id: gpt-5-nano, price: unknown,',
    );
    await expect(promote(await written('t', {}, settings))).rejects.toThrow(
      /tasks\.t\.max_cost_per_query_usd: cannot hold: small has no known price: give it a price/,
    );
  });

  test('refuses a scorer that this version cannot read', async () => {
    const other = { weights: [1] };
    const made = await written(
      't',
      { scorerSha256: hashOf(other as never), certificate: null },
      settingsOf('t'),
      other,
    );
    await expect(promote(made)).rejects.toThrow(/cannot be used by this version/);
    await expect(promote(made)).rejects.toThrow(CliError);
  });

  test('refuses a folder without its files, and files that are no JSON', async () => {
    const made = await written('t');
    await expect(promote({ ...made, folder: join(folder, 'none') })).rejects.toThrow(
      /policy\.json: cannot be read \(ENOENT.*name the folder that "escalier learn" wrote/,
    );
    await writeFile(join(made.folder, 'policy.json'), '{');
    await expect(promote(made)).rejects.toThrow(/policy\.json: is not JSON/);
  });

  test('warns of a chain that is not in the order of list prices', async () => {
    const made = await written('disordered', {
      chain: ['large', 'small'],
      modelAccuracy: [0.9, 0.7],
    });
    const context = contextOf();
    await promoteCommand(context, made.folder, made.options, compileStandIn);
    expect(context.said.join()).toMatch(
      /tasks\.disordered\.chain\.1: the chain is not in ascending price order/,
    );
  });
});

describe('apply, where a learned policy was promoted', () => {
  test('keeps it when the settings are unchanged, refuses when they changed, and replaces it by force', async () => {
    const made = await written('held');
    await apply(made);
    await promote(made);
    expect(await apply(made)).toBe('Task held: version 2, which was promoted, stays current.');

    await writeFile(made.options.settings, settingsOf('held', '    deadline: 30s'));
    await expect(apply(made)).rejects.toThrow(
      /^task held runs version 2, which was promoted, and its settings have changed since: .*escalier promote.*escalier rollback --task held.*escalier apply --force/,
    );
    expect(await promote(made)).toMatch(/^Task held: version 4 is current for new queries \(was 2\)/);
    expect((await currentPolicy(database.pool, 'held'))?.policy.limits.deadlineMs).toBe(30_000);
    expect(await apply(made)).toBe('Task held: version 4, which was promoted, stays current.');

    expect(await apply(made, true)).toMatch(/^Task held: version 5 is new, and current/);
    expect((await currentPolicy(database.pool, 'held'))?.policy.learned).toBeUndefined();
  });

  test('a restart of the local stack leaves changed settings out, and says so', async () => {
    const made = await written('kept');
    await promote(made);
    const changed = storedPolicy('kept');
    const [applied] = await applyPolicies(database.pool, [changed], undefined, { promoted: 'keep' });
    expect(applied).toMatchObject({ version: 2, changed: false, promoted: true });
    expect(applied?.leftOut).toMatch(/its settings have changed since/);
  });

  test('a change of the day’s prices alone is no change of the settings', async () => {
    const priced = (usd: string) => {
      const policy = storedPolicy('priced');
      const model = { model: 'small', expectedUsdPerMtok: usd } as never;
      return { ...policy, chain: [model] };
    };
    await applyPolicies(database.pool, [priced('1')]);
    const made = await written('priced');
    await promote(made);
    // The settings that it was promoted with are the latest written ones.
    const [before] = (await currentPolicy(database.pool, 'priced'))!.policy.chain;
    expect(before).toMatchObject({ model: 'small' });
    await expect(applyPolicies(database.pool, [priced('2')])).rejects.toThrow(/settings have changed/);
    await database.pool.query(
      `insert into policies (task, version, policy, content_sha256) values ('priced', 9, $1, 'x')`,
      [JSON.stringify(priced('1'))],
    );
    expect(await applyPolicies(database.pool, [priced('2')])).toMatchObject([{ promoted: true }]);
  });
});

describe('rollback', () => {
  test('goes back the way that it came, and to a version by name; the history says so', async () => {
    const made = await written('undone');
    await apply(made);
    await promote(made);
    await writeFile(made.options.settings, settingsOf('undone', '    deadline: 30s'));
    await promote(made);
    const back = async (to?: number): Promise<string> => {
      const context = contextOf();
      await rollbackCommand(context, { task: 'undone', ...(to === undefined ? {} : { to }) });
      return context.printed.join();
    };
    expect(await back()).toMatch(/^Task undone: version 2 is current for new queries again \(was 4\)/);
    expect(await back()).toMatch(/version 1 is current for new queries again \(was 2\)/);
    await expect(back()).rejects.toThrow(
      /version 1 of task undone had none before it: name the version.*--to/,
    );
    expect(await back(4)).toMatch(/version 4 is current for new queries again \(was 1\)/);
    expect(await back(4)).toBe('Task undone: version 4 is current already.');
    await expect(back(7)).rejects.toThrow(/task undone has no version 7: there are 4, 3, 2, 1/);
    expect((await historyOf('undone')).map(({ action, from, to }) => [action, from, to])).toEqual([
      ['apply', null, 1],
      ['promote', 1, 2],
      ['promote', 2, 4],
      ['rollback', 4, 2],
      ['rollback', 2, 1],
      ['rollback', 1, 4],
    ]);
  });

  test('of a task that is not there is refused, and makes none', async () => {
    await expect(rollbackCommand(contextOf(), { task: 'nowhere' })).rejects.toThrow(
      /there is no task nowhere/,
    );
    expect((await database.pool.query(`select from tasks where name = 'nowhere'`)).rowCount).toBe(0);
  });
});

describe('a canary', () => {
  test('takes new queries by a hash of their id; a key keeps its version, and the others take the current', async () => {
    const made = await written('split');
    expect(await promote(made, { canary: 0.4 })).toMatch(
      /^Task split: version 2 is the canary of 40\.0% of new queries; the others take version 1\./,
    );
    const runs = Array.from({ length: 24 }, () => newRun());
    const began = new Map<string, number>();
    for (const run of runs) {
      const { query, version } = startedQuery(await startQuery(database.pool, null, run, requestOf('split')));
      expect(version).toBe(takesCanary(query.queryId, 0.4) ? 2 : 1);
      began.set(run.workflowId, version);
    }
    await canaryCommand(contextOf(), { task: 'split', finish: true });
    for (const run of runs) {
      const later = newRun(run.workflowId);
      const { version, policy } = startedQuery(
        await startQuery(database.pool, null, later, requestOf('split')),
      );
      expect(version).toBe(began.get(run.workflowId));
      expect(policy.learned === undefined).toBe(version === 1);
    }
    const fresh = startedQuery(await startQuery(database.pool, null, newRun(), requestOf('split')));
    expect(fresh.version).toBe(2);
  });

  test('another share, its end and what is refused meanwhile; the history has every stretch', async () => {
    const made = await written('stages');
    const other = await written('stages', {
      learnedFrom: { trainSha256: 'f'.repeat(64), queries: 9, seed: 2 },
    });
    await promote(made, { canary: 0.1 });
    await promote(made, { canary: 0.25 });
    expect(await promote(made, { canary: 0.25 })).toMatch(/as it was already/);
    await expect(promote(other)).rejects.toThrow(
      /version 2 of task stages is its canary: end that first, with "escalier canary --task stages --finish"/,
    );
    await expect(rollbackCommand(contextOf(), { task: 'stages' })).rejects.toThrow(
      /has a canary \(version 2\)/,
    );
    await writeFile(made.options.settings, settingsOf('stages', '    deadline: 30s'));
    await expect(apply(made)).rejects.toThrow(/task stages has a canary \(version 2, 25% of new queries\)/);
    await canaryCommand(contextOf(), { task: 'stages', stop: true, reason: 'dear' });
    await expect(canaryCommand(contextOf(), { task: 'stages', stop: true })).rejects.toThrow(/has no canary/);
    await promote(made);
    await expect(promote(made, { canary: 0.1 })).rejects.toThrow(/cannot be its own canary/);
    expect(await historyOf('stages')).toEqual([
      { action: 'apply', from: null, to: 1, canary: null, share: null },
      { action: 'canary', from: 1, to: 1, canary: 2, share: 0.1 },
      { action: 'canary', from: 1, to: 1, canary: 2, share: 0.25 },
      { action: 'stop-canary', from: 1, to: 1, canary: null, share: null },
      { action: 'promote', from: 1, to: expect.any(Number) as number, canary: null, share: null },
    ]);
  });

  test('is reported: both arms, and bounds on the differences', async () => {
    const made = await written('told', {}, settingsOf('told', '    max_cost_per_query_usd: 0.05'));
    await promote(made, { canary: 0.5 });
    for (let at = 0; at < 30; at++) {
      const run = newRun();
      const { query, version } = startedQuery(await startQuery(database.pool, null, run, requestOf('told')));
      await served(query, version, at % 10 > 0);
    }
    await startQuery(database.pool, null, newRun(), requestOf('told'));
    const json = contextOf(true);
    await canaryCommand(json, { task: 'told' });
    const report = JSON.parse(json.printed.join()) as Record<string, Record<string, unknown>>;
    const { current, canary, costDifference, accuracyDifference } = report;
    expect(Number(current!['queries']) + Number(canary!['queries'])).toBe(31);
    expect(Number(current!['running']) + Number(canary!['running'])).toBe(1);
    expect(current).toMatchObject({ escalation: 1, spendPerQuery: { costUsd: '0.03' } });
    expect(canary).toMatchObject({ escalation: 0, spendPerQuery: { costUsd: '0.01' } });
    expect(report).toMatchObject({ costCapUsd: 0.05, cutAtCap: 0, confidence: 0.95, until: null });
    expect(costDifference!['low']).toBeLessThan(-0.02);
    expect(costDifference!['high']).toBeGreaterThan(-0.02);
    expect(Number(accuracyDifference!['current']) + Number(accuracyDifference!['canary'])).toBe(30);

    const text = contextOf();
    await canaryCommand(text, { task: 'told' });
    const shown = text.printed.join('\n');
    expect(shown).toMatch(/^Task told: the canary is running, 50\.0% of queries since /);
    expect(shown).toMatch(/cost per query +\$0\.03000 +\$0\.01000/);
    expect(shown).toMatch(/ {2}cost per query {2}-\$[\d.]+ to -?\$?[\d.$+-]+ .*of costs up to \$0\.0500/);
    expect(shown).toMatch(/Certificate of version 2: With a probability of at least 90%/);
    await expect(canaryCommand(contextOf(), { task: 'nowhere' })).rejects.toThrow(/never had a canary/);
  });

  test('without a limit, its costs are held below twice what the week before it cost at most', async () => {
    const made = await written('capped');
    await apply(made);
    const before = startedQuery(await startQuery(database.pool, null, newRun(), requestOf('capped')));
    await served(before.query, 1, true);
    await promote(made, { canary: 0.5 });
    const json = contextOf(true);
    await canaryCommand(json, { task: 'capped' });
    expect(JSON.parse(json.printed.join())).toMatchObject({
      costCapUsd: 0.06,
      current: { queries: 0, spendPerQuery: null, accuracy: null },
      accuracyDifference: null,
    });
  });

  /** One stage for $0.01 with the canary, two for $0.03 without. */
  async function served(query: QueryRef, version: number, correct: boolean): Promise<void> {
    const { task } = await taskOf(query);
    const about = { task, policyVersion: version };
    if (version === 1) await attempted(database.pool, query, about, { cost: exactly(parseUsd('0.01')) });
    const stage = version === 1 ? 1 : 0;
    const cost = exactly(parseUsd(version === 1 ? '0.02' : '0.01'));
    const attemptId = await attempted(database.pool, query, { ...about, stage }, { cost });
    await ended(database.pool, query, servedBy(attemptId, { stage }));
    await labelAttempt(database.pool, { ...query, attemptId, correct, source: 'reference' });
  }

  async function taskOf(query: QueryRef): Promise<{ task: string }> {
    const { rows } = await database.pool.query<{ task: string }>(
      'select task from queries where query_id = $1',
      [query.queryId],
    );
    return rows[0]!;
  }
});

describe('the certificate', () => {
  test('stands wherever the policy is listed or reported', async () => {
    const made = await written('certified');
    await promote(made);
    await startQuery(database.pool, null, newRun(), requestOf('certified'));
    const statement = certificateText(certificateOf(ARTIFACT));
    const listed = contextOf();
    await policiesCommand(listed, { task: 'certified' });
    expect(listed.printed.join('\n')).toContain(`certified, version 2: ${statement}`);
    const reported = contextOf();
    await reportCommand(reported, 'all', { task: 'certified' });
    expect(reported.printed.join('\n')).toContain(`Certificate of version 2, which is current: ${statement}`);
  });
});

describe('stored scorers', () => {
  test('are kept once, compressed, and come back as they were', async () => {
    const artifact = { weights: Array.from({ length: 5000 }, (_, at) => Math.sin(at)), ü: 'é' };
    const hash = await keepScorer(database.pool, 'task', artifact);
    expect(await keepScorer(database.pool, 'other', artifact)).toBe(hash);
    expect(await readScorer(database.pool, hash)).toEqual(artifact);
    const { rows } = await database.pool.query(
      `select task, size_bytes > length(content) as smaller from scorers where sha256 = $1`,
      [hash],
    );
    expect(rows).toEqual([{ task: 'task', smaller: true }]);
    expect(await readScorer(database.pool, 'f'.repeat(64))).toBeNull();
  });
});
