import { expect, test } from 'vitest';
import { createContext } from '../cli/context.ts';
import { reportCommand } from '../cli/commands/report.ts';
import { parseHTML } from 'linkedom';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPolicies } from '../ledger/policies.ts';
import { useDatabase } from './support/database.ts';
import { attempted, ended, opened, servedBy, started, storedPolicy, usd } from './support/ledger.ts';
import { chainOf } from './support/policies.ts';

const database = useDatabase();
const TASK = 'support <triage> & more';

async function page(file: string): Promise<string> {
  const said: string[] = [];
  await reportCommand(
    {
      ...createContext({ DATABASE_URL: database.url }, false, new AbortController().signal),
      out: (text) => void said.push(text),
      say: () => undefined,
    },
    'all',
    { html: file },
  );
  expect(said).toEqual([`Wrote ${file}`]);
  return readFile(file, 'utf8');
}

interface Element {
  readonly textContent: string;
  readonly children: Iterable<Element>;
  querySelectorAll(selector: string): Iterable<Element>;
}

/** This project's types have no DOM; this much of one is looked at. */
function documentOf(text: string): Element {
  return Reflect.get(parseHTML(text), 'document') as Element;
}

test('the report as a page: the figures of the report, and nothing from elsewhere', async () => {
  const { pool } = database;
  await applyPolicies(pool, [
    storedPolicy(TASK, { chain: chainOf(['small', 'medium']), thresholds: [0.6, 0.6] }),
  ]);
  // $0.01 for the answer of one, $0.01 thrown away and $0.05 for the answer of the other, $0 to $0.25 still open.
  const quick = await started(pool, TASK);
  const answer = await attempted(pool, quick, { task: TASK });
  await ended(pool, quick, servedBy(answer), { verdicts: { [answer]: 'accepted' } });
  const slow = await started(pool, TASK);
  const thrown = await attempted(pool, slow, { task: TASK });
  const better = await attempted(
    pool,
    slow,
    { task: TASK, stage: 1, model: 'medium' },
    { cost: usd('0.05') },
  );
  await ended(pool, slow, servedBy(better, { stage: 1 }), {
    verdicts: { [thrown]: 'rejected', [better]: 'accepted' },
  });
  await opened(pool, await started(pool, TASK), { task: TASK, worstCaseUsd: '0.25' });

  const folder = await mkdtemp(join(tmpdir(), 'escalier-page-'));
  const text = await page(join(folder, 'report.html'));
  await rm(folder, { recursive: true });
  const document = documentOf(text);
  const tiles = [...document.querySelectorAll('.tile')].map((tile) =>
    [...tile.children].map(({ textContent }) => textContent.trim()),
  );
  expect(tiles).toEqual([
    ['spent', '$0.07000 to $0.3200', '4 requests, 1 without a price'],
    ['paid twice', '$0.01000', 'beside the answers'],
    ['accuracy', 'not measured', 'no answer has a label'],
    ['per query', '$0.02333 to $0.1067', '3 queries'],
    ['not settled', '1 requests', '1 queries running'],
  ]);
  expect([...document.querySelectorAll('h2')].map(({ textContent }) => textContent)).toEqual([TASK]);
  const labels = [...document.querySelectorAll('svg text')].map(({ textContent }) => textContent);
  expect(labels).toEqual(
    expect.arrayContaining([
      '$0.06000 · 2 requests',
      '$0.01000 · 1 request',
      '$0 to $0.2500 · 1 request',
      '1 of 3 end here · $0.02000 to $0.2700',
    ]),
  );
  expect(text).toContain('not measured');
  expect(text).toContain('by the UTC day on which the query started');
  // No script, and no address but those that name SVG's own vocabulary.
  expect(text).not.toContain('<script');
  expect(
    text.match(/https?:\/\/[^"' )<]+/g)?.filter((url) => !url.startsWith('http://www.w3.org/')) ?? [],
  ).toEqual([]);
});

test('a file that cannot be written is named', async () => {
  await expect(page(join(tmpdir(), 'no-such-folder', 'report.html'))).rejects.toThrow(
    /--html .*no-such-folder.*cannot be written/,
  );
});
