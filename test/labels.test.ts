import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { labelCommand } from '../cli/commands/label.ts';
import { reviewExportCommand, reviewImportCommand } from '../cli/commands/review.ts';
import { BadRequestError, Escalier } from '../client/index.ts';
import { auditWorkflowId } from '../core/temporal-names.ts';
import { fakeContext } from './support/cli-stack.ts';
import { record } from './support/recorder.ts';
import { answered, chainOf, localScorer, policyOf, scripted, useWorld } from './support/world.ts';

const world = useWorld();
const rejects = localScorer('constant', { confidence: 0 });
let connection: Connection;
let escalier: Escalier;
let folder: string;

beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
  escalier = new Escalier({ connection, taskQueue: world.taskQueue });
  folder = await mkdtemp(join(tmpdir(), 'escalier-labels-'));
});
afterAll(async () => {
  await escalier.close();
  await connection.close();
  await rm(folder, { recursive: true, force: true });
});

const context = (json = false) => fakeContext({ DATABASE_URL: world.database.url }, { json });

interface LabelRow {
  readonly model: string;
  readonly correct: boolean;
  readonly source: string;
  readonly source_kind: string;
  readonly grade: number | null;
  readonly corrected: boolean;
}

async function labelsOf(queryId: string): Promise<LabelRow[]> {
  const { rows } = await world.database.pool.query<LabelRow>(
    `select a.model, l.* from labels l join attempts a using (query_started_at, attempt_id)
     where l.query_id = $1 order by a.stage, l.source`,
    [queryId],
  );
  return rows;
}

const short = (rows: readonly LabelRow[]) =>
  rows.map((row) => `${row.model} ${row.correct ? 'right' : 'wrong'}`);

describe('feedback of a service', () => {
  test('labels by key, once for the same word, and anew for another', async () => {
    await world.apply(policyOf('feedback', { scorer: rejects }));
    world.vendor = scripted({ small: [answered('41')], medium: [answered('42')], large: [answered('42')] });
    const key = `test/${randomUUID()}`;
    const { queryId } = await world.ask('feedback', { id: key });
    expect(await escalier.feedback(key, { correct: true, source: 'app' })).toEqual({
      queryId,
      correct: true,
      responses: 3,
    });
    expect(short(await labelsOf(queryId))).toEqual(['small wrong', 'medium right', 'large right']);
    await escalier.feedback(key, { correct: true, source: 'app' });
    expect(await labelsOf(queryId)).toHaveLength(3);
    expect(await escalier.feedback(queryId, { answer: 'forty, no: 41', source: 'app' })).toMatchObject({
      correct: false,
    });
    expect(short(await labelsOf(queryId))).toEqual(['small right', 'medium wrong', 'large wrong']);
    // A word that is taken back is a workflow that has run before.
    await escalier.feedback(key, { correct: true, source: 'app' });
    expect(short(await labelsOf(queryId))).toEqual(['small wrong', 'medium right', 'large right']);
    expect((await labelsOf(queryId))[0]).toMatchObject({
      source: 'app',
      source_kind: 'caller',
      corrected: false,
    });
  });

  test('may come from any Temporal client', async () => {
    await world.apply(policyOf('plain-json'));
    const { queryId } = await world.ask('plain-json');
    const handle = await world.client.workflow.start('feedback', {
      taskQueue: world.taskQueue,
      workflowId: `test/${randomUUID()}`,
      args: [{ query: queryId, correct: true, source: 'app', sourceKind: 'caller' }],
    });
    expect(await handle.result()).toEqual({ queryId, correct: true, responses: 2 });
    await record('feedback', handle);
  });

  test('keeps a grade, and the right answer among the texts, where the task retains them', async () => {
    await world.apply(policyOf('graded'));
    const { queryId } = await world.ask('graded');
    await escalier.feedback(queryId, { grade: 0.7, source: 'rubric', sourceKind: 'person' });
    expect(await labelsOf(queryId)).toMatchObject([
      { correct: true, grade: 0.7, source_kind: 'person' },
      { correct: true, grade: 0.7, source_kind: 'person' },
    ]);
    await escalier.feedback(queryId, { answer: '43', source: 'app' });
    const { rows } = await world.database.pool.query<{ text: string }>(
      `select convert_from(content, 'UTF8') as text from texts where query_id = $1 and item = 'correction/app'`,
      [queryId],
    );
    expect(rows).toEqual([{ text: '"43"' }]);
  });

  test('is refused by name: an unknown query, one without an answer, a word that is none, texts that are gone', async () => {
    await world.apply(policyOf('refused', { retention: 'none' }));
    const { queryId } = await world.ask('refused');
    const errors = [
      escalier.feedback('nobody-asked', { correct: true }),
      escalier.feedback(queryId, { answer: '42' }),
      escalier.feedback(queryId, {}),
    ].map((promise) =>
      promise.then(
        () => null,
        (error: unknown) => error,
      ),
    );
    const [unknown, gone, none] = (await Promise.all(errors)) as Error[];
    for (const error of [unknown, gone, none]) expect(error).toBeInstanceOf(BadRequestError);
    expect(unknown!.message).toContain('knows no query by the id or the idempotency key "nobody-asked"');
    expect(gone!.message).toContain('retains "none"');
    expect(none!.message).toContain('says nothing of the answer');
    expect(await escalier.feedback(queryId, { correct: false })).toMatchObject({
      correct: false,
      responses: 1,
    });
  });
});

describe('escalier label', () => {
  test('labels by id, as a person', async () => {
    await world.apply(policyOf('by-hand'));
    const { queryId } = await world.ask('by-hand');
    const cli = context();
    await labelCommand(cli, queryId, { incorrect: true, source: 'ada', sourceKind: 'person' });
    expect(cli.printed.join('\n')).toContain('the served answer is wrong (ada); 2 responses labelled');
    expect(await labelsOf(queryId)).toMatchObject([
      { source: 'ada', source_kind: 'person', correct: false },
      { source: 'ada', source_kind: 'person', correct: false },
    ]);
    const { rows } = await world.database.pool.query(
      `select source, correct from answer_labels join queries on served_attempt_id = attempt_id where answer_labels.query_id = $1`,
      [queryId],
    );
    expect(rows).toEqual([{ source: 'ada', correct: false }]);
  });

  test('judges any response of the query, by its attempt', async () => {
    const chain = chainOf(['small', 'medium']);
    await world.apply(policyOf('by-attempt', { chain, answer: { from: 'open' }, scorer: rejects }));
    world.vendor = scripted({ small: [answered('Dear Sir')], medium: [answered('Dear Madam')] });
    const { queryId, attempts } = await world.ask('by-attempt');
    const judge = async (nth: number, verdict: { correct?: true; incorrect?: true }) => {
      const cli = context();
      const { attemptId } = attempts[nth]!;
      const about = { attempt: attemptId.toUpperCase(), source: 'ada', sourceKind: 'person' } as const;
      await labelCommand(cli, queryId, { ...about, ...verdict });
      return cli.printed.join('\n');
    };
    expect(await judge(0, { correct: true })).toContain(
      'the judged answer is right (ada); 1 responses labelled',
    );
    await judge(1, { incorrect: true });
    expect(short(await labelsOf(queryId))).toEqual(['small right', 'medium wrong']);

    const other = { correct: true, attempt: queryId, source: 'ada', sourceKind: 'person' } as const;
    await expect(labelCommand(context(), queryId, other)).rejects.toThrow(
      `attempt ${queryId} is no response of query ${queryId}`,
    );
    await expect(escalier.feedback(queryId, { correct: true, attempt: randomUUID() })).rejects.toBeInstanceOf(
      BadRequestError,
    );
  });

  test('refuses what contradicts itself', async () => {
    const both = { correct: true, incorrect: true, source: 'ada', sourceKind: 'person' } as const;
    await expect(labelCommand(context(), 'x', both)).rejects.toThrow('give one of them');
    const nothing = { source: 'ada', sourceKind: 'person' } as const;
    await expect(labelCommand(context(), 'x', nothing)).rejects.toThrow('says nothing of the answer');
  });
});

describe('the queue of a reviewer', () => {
  test('has what disagreed, what was unsure and some by chance; comes back as labels; and is then empty', async () => {
    await world.apply(
      policyOf('queue', { audit: { share: 1 }, scorer: localScorer('constant', { confidence: 0.9 }) }),
    );
    world.vendor = scripted({
      small: [answered('41'), answered('42')],
      medium: [answered('42')],
      large: [answered('42')],
    });
    const wrong = await world.ask('queue');
    const right = await world.ask('queue');
    await world.client.workflow.execute('sweep', {
      taskQueue: world.taskQueue,
      workflowId: `sweep-${randomUUID()}`,
    });
    for (const { queryId } of [wrong, right]) {
      await world.client.workflow.getHandle(auditWorkflowId(queryId)).result();
    }
    const out = join(folder, 'queue.jsonl');
    const search = { task: 'queue', out, by: ['disagreement', 'low-confidence', 'random'], limit: 10 };
    await reviewExportCommand(context(), search);
    const lines = (await readFile(out, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({
      query: wrong.queryId,
      reason: 'disagreement',
      messages: [{ role: 'user' }],
      served: { model: 'small', text: '41', answer: '41' },
      agreesWithBaseline: false,
      others: [
        { model: 'medium', answer: '42' },
        { model: 'large', answer: '42' },
      ],
      correct: null,
    });
    expect(lines[1]).toMatchObject({ query: right.queryId, agreesWithBaseline: true });

    const back = [{ ...lines[0], answer: '42' }, lines[1]];
    await writeFile(out, back.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const cli = context();
    await reviewImportCommand(cli, out, { source: 'grace' });
    expect(cli.printed).toEqual(['1 answers labelled by grace, 1 left open.']);
    expect(short(await labelsOf(wrong.queryId))).toEqual(['small wrong', 'medium right', 'large right']);
    const { rows } = await world.database.pool.query(
      'select served_correct, baseline_correct, judged_by, judge from audited_answers where query_id = $1',
      [wrong.queryId],
    );
    expect(rows).toEqual([
      { served_correct: false, baseline_correct: true, judged_by: 'person', judge: 'grace' },
    ]);

    await reviewExportCommand(context(), search);
    expect((await readFile(out, 'utf8')).trimEnd().split('\n')).toHaveLength(1);
  });

  test('has audited queries, each response to be judged by itself, until all are', async () => {
    await world.apply(
      policyOf('letters', {
        answer: { from: 'open' },
        audit: { share: 1 },
        scorer: localScorer('constant', { confidence: 0.9 }),
      }),
    );
    world.vendor = scripted({
      small: [answered('Dear Sir')],
      medium: [answered('Dear Madam')],
      large: [answered('To whom it may concern')],
    });
    const { queryId, startedAt } = await world.ask('letters');
    const out = join(folder, 'letters.jsonl');
    const search = { task: 'letters', out, by: ['audited'], limit: 10 };
    const queue = async () => {
      await reviewExportCommand(context(), search);
      const lines = (await readFile(out, 'utf8')).split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as { others: { model: string }[] });
    };
    expect(await queue(), 'its audit has not ended').toEqual([]);
    await world.client.workflow.execute('audit', {
      taskQueue: world.taskQueue,
      workflowId: auditWorkflowId(queryId),
      args: [{ queryId, startedAt }],
    });

    const [line] = await queue();
    expect(line).toMatchObject({ query: queryId, reason: 'audited', served: { model: 'small' } });
    expect(line!.others).toMatchObject([
      { model: 'medium', text: 'Dear Madam', correct: null, grade: null },
      { model: 'large', text: 'To whom it may concern', correct: null, grade: null },
    ]);
    const judge = async (filled: unknown, printed: string) => {
      await writeFile(out, `${JSON.stringify(filled)}\n`);
      const cli = context();
      await reviewImportCommand(cli, out, { source: 'grace' });
      expect(cli.printed).toEqual([printed]);
    };
    await judge({ ...line, correct: false }, '1 answers labelled by grace, 0 left open.');
    expect(await queue(), 'two of three are not judged').toHaveLength(1);
    const others = line!.others.map((other) => ({ ...other, grade: other.model === 'large' ? 0.9 : 0.2 }));
    await judge({ ...line, others }, '2 answers labelled by grace, 0 left open.');
    expect(short(await labelsOf(queryId))).toEqual(['small wrong', 'medium wrong', 'large right']);
    expect(await queue()).toEqual([]);
  });

  test('that is broken is refused as a whole', async () => {
    const file = join(folder, 'broken.jsonl');
    await writeFile(file, '{"query":"a","correct":true,"answer":"x"}\nnot json\n');
    await expect(reviewImportCommand(context(), file, { source: 'grace' })).rejects.toThrow(
      /broken.jsonl:1: .*gives both[^]*broken.jsonl:2: is no line/,
    );
  });
});
