import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { escalatedCommand } from '../cli/commands/escalated.ts';
import { createAuditLedger } from '../ledger/audits.ts';
import { labelQuery } from '../ledger/label-query.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { fakeContext } from './support/cli-stack.ts';
import { useDatabase } from './support/database.ts';
import { attempted, ended, requestOf, servedBy, started, storedPolicy } from './support/ledger.ts';
import { chainOf } from './support/policies.ts';

const database = useDatabase();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-escalated-'));
});
afterAll(() => rm(folder, { recursive: true }));

const saying = (text: string) => ({
  response: {
    text,
    kept: { message: { role: 'assistant', content: text }, finishReason: 'stop', logprobs: null },
  },
});

interface Made {
  readonly prompt: string;
  /** By stage; the last that is said serves. */
  readonly said: readonly string[];
  /** What an audit says that the last stage answers. */
  readonly audit?: string;
  /** The right answer, as somebody writes it. */
  readonly correction?: string;
  readonly retention?: 'none';
}

async function make(task: string, { prompt, said, audit, correction, retention }: Made): Promise<void> {
  const { pool } = database;
  const query = await started(pool, task, { request: requestOf(task, prompt) });
  const bought: string[] = [];
  for (const [stage, text] of said.entries()) {
    const model = ['small', 'large'][stage]!;
    bought.push(await attempted(pool, query, { task, stage, model }, saying(text)));
  }
  const served = bought.at(-1)!;
  await ended(pool, query, servedBy(served, { stage: said.length - 1 }), {
    verdicts: { [served]: 'accepted' },
    ...(retention === undefined ? {} : { retention }),
  });
  if (audit !== undefined) {
    const audits = createAuditLedger(pool);
    await audits.beginAudit(query);
    const intent = { task, stage: 1, model: 'large', purpose: 'audit' } as const;
    const last = await attempted(pool, query, intent, saying(audit));
    const agrees = audit === said[0];
    await audits.endAudit({
      ...{
        ...query,
        retention: retention ?? 'full',
        baselineAttemptId: last,
        servedAgrees: agrees,
        message: null,
      },
      agreements: [
        { attemptId: served, agrees },
        { attemptId: last, agrees: true },
      ],
    });
  }
  if (correction !== undefined) {
    const word = { query: query.queryId, answer: correction, source: 'ada', sourceKind: 'person' } as const;
    await labelQuery(pool, null, 'default', word);
  }
}

test('queries that the first stage fails on are clustered, and exported with the right answers that are known', async () => {
  const { pool, url } = database;
  const task = 'sums';
  await applyPolicies(pool, [
    storedPolicy(task, { chain: chainOf(['small', 'large']), audit: { share: 1 } }),
  ]);
  const parts = ['apples', 'pears', 'plums', 'nuts'];
  for (let at = 0; at < 12; at++) {
    const part = parts[at % 4]!;
    // Trains are too hard: not trusted, answered by the last stage. Percentages are trusted, and wrong as an audit says.
    await make(task, {
      prompt: `Two trains leave the station with ${part}, when do they meet?`,
      said: ['1', '2'],
    });
    await make(task, { prompt: `What percent discount is on the ${part}?`, said: ['3'], audit: '4' });
    await make(task, { prompt: `Add the ${part} in both baskets.`, said: ['5'], audit: '5' });
  }
  await make(task, {
    prompt: 'What percent discount is on the jam?',
    said: ['3'],
    audit: '4',
    correction: '6',
  });
  await make(task, {
    prompt: 'Two trains leave nothing behind.',
    said: ['1'],
    audit: '2',
    retention: 'none',
  });

  const [out, finetune] = [join(folder, 'hard.jsonl'), join(folder, 'chats.jsonl')];
  const options = { task, days: 30, clusters: 8, seed: 1 };
  const context = fakeContext({ DATABASE_URL: url });
  await escalatedCommand(context, { ...options, out, finetune });
  const text = context.printed.join('\n');
  expect(text).toContain(
    'the first stage was not trusted with 25 of 37 queries, or had them wrong. 1 more have no texts',
  );
  expect(text).toMatch(/ all +25 +37 +32\.4% +48\.0% \(.* of 25\)/);
  expect(text).toMatch(/ \d +13 +\d+ +0\.0% .*percent/);
  expect(text).toMatch(/ \d +12 +\d+ +100\.0% +not judged .*trains/);
  expect(text).toContain('as judged by last-stage (24), person (1)');
  expect(text).toContain(
    '13 chats (right by last-stage 12, correction 1); 12 left out, whose right answer is not known',
  );

  const hard = (await readFile(out, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(hard).toHaveLength(25);
  expect(hard[1]).toMatchObject({
    ...{ escalated: false, right: false, judgedBy: 'last-stage', inclusion: 1 },
    rightAnswer: { text: '4', by: 'last-stage' },
  });
  const chats = (await readFile(finetune, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(chats.at(-1)).toEqual({
    messages: [
      { role: 'user', content: 'What percent discount is on the jam?' },
      { role: 'assistant', content: '6' },
    ],
  });

  const none = escalatedCommand(context, { ...options, task: 'none' });
  await expect(none).rejects.toThrow('task none has no answered query with retained texts');
});
