import { describe, expect, test } from 'vitest';
import type { CascadeAnswer } from '../../client/index.ts';
import type { MeterEntry } from '../../replay/meter.ts';
import { audit } from './audit.ts';
import type { AttemptRow, Books } from './books.ts';
import type { Asked } from './driver.ts';

const QUERY = { id: 'q', task: 'task', messages: [{ role: 'user', content: 'What is six times seven?' }] };
const ANSWER = { outcome: 'accepted', stage: 0, confidence: 0.9, text: '42' } as CascadeAnswer;
const ASKED: Asked = { key: 'k', query: QUERY, answer: ANSWER, error: null, unavailable: [] };
const ENTRY = { client_request_id: 'a', billed: true, billed_usd: '0.01' } as MeterEntry;
const ROW: AttemptRow = {
  attempt_id: 'a',
  query_id: 'id',
  workflow_id: 'k',
  purpose: 'serve',
  stage: 0,
  ordinal: 0,
  status: 'succeeded',
  spend_class: 'accepted',
  cost_low_usd: '0.01',
  cost_high_usd: '0.01',
  started_us: '1000',
  closed_us: '2000',
};

/** One query, one request, one row, and all is well. */
const GOOD: Books = {
  meter: [ENTRY],
  attempts: [ROW],
  queries: [{ query_id: 'id', workflow_id: 'k', status: 'ended' }],
  openTexts: [],
  classes: [{ spend_class: 'accepted', attempts: '1', low: '0.01', high: '0.01' }],
  total: { low: '0.01', high: '0.01' },
  asked: [ASKED],
  again: new Map([['k', ANSWER]]),
  requestsOfAskingAgain: 0,
  exits: new Map([['exit 3: cannot reach Postgres', 2]]),
  predicted: new Map([
    [
      'q',
      {
        id: 'q',
        outcome: 'accepted',
        servedStage: 0,
        confidence: 0.9,
        calls: 1,
        cost: 10_000_000_000n,
        correct: true,
        bought: [],
        text: '42',
      },
    ],
  ]),
};

function broken(books: Partial<Books>): string[] {
  return audit({ ...GOOD, ...books }).flatMap(({ name, violations }) =>
    violations.length > 0 ? [name] : [],
  );
}

function row(changes: Partial<AttemptRow>): AttemptRow {
  return { ...ROW, ...changes };
}

test('books that are right break nothing', () => {
  expect(broken({})).toEqual([]);
});

const ORPHAN = row({ attempt_id: 'b', status: 'orphaned', spend_class: 'orphaned', cost_low_usd: '0' });
/** Opened while the first was under way, and closed late. */
const LATE = row({ attempt_id: 'b', spend_class: 'discarded', started_us: '1500', closed_us: '2500' });

const DOCTORED: readonly (readonly [check: string, what: string, books: Partial<Books>])[] = [
  [
    'every request has exactly one row',
    'a request without a row',
    { attempts: [], total: { low: '0', high: '1' } },
  ],
  ['every request has exactly one row', 'a row that stands twice', { attempts: [ROW, ROW] }],
  ['every request has exactly one row', 'an id that came twice', { meter: [ENTRY, ENTRY] }],
  [
    'every request has exactly one row',
    'a request without an id',
    { meter: [{ ...ENTRY, client_request_id: null }] },
  ],
  ['no row claims a cost that was not billed', 'a cost without a request', { meter: [] }],
  [
    'no row claims a cost that was not billed',
    'a cost of a request that was not billed',
    { meter: [{ ...ENTRY, billed: false, billed_usd: '0' }] },
  ],
  [
    'every billed request lies within its row’s bounds',
    'a request that cost more than its row allows',
    { meter: [{ ...ENTRY, billed_usd: '0.010000000001' }] },
  ],
  [
    'every billed request lies within its row’s bounds',
    'a request that cost less than its row claims',
    { meter: [{ ...ENTRY, billed_usd: '0.009999999999' }] },
  ],
  [
    'the metered total lies within the ledger’s',
    'too little in the ledger',
    { total: { low: '0', high: '0.009' } },
  ],
  ['the metered total lies within the ledger’s', 'too much', { total: { low: '0.011', high: '0.02' } }],
  ['the metered total lies within the ledger’s', 'no bound', { total: { low: '0', high: null } }],
  ['every query got one answer or one named error', 'two results', { asked: [ASKED, ASKED] }],
  ['every query got one answer or one named error', 'none', { asked: [{ ...ASKED, answer: null }] }],
  [
    'every query got one answer or one named error',
    'no answer in all the time there was',
    { asked: [{ ...ASKED, answer: null, error: 'unavailable' }] },
  ],
  [
    'every query got one answer or one named error',
    'an error that is none of ours',
    { asked: [{ ...ASKED, answer: null, error: 'unnamed: TypeError' }] },
  ],
  [
    'asked again, the same answer, and nothing is called',
    'another answer',
    { again: new Map([['k', { ...ANSWER, text: '43' }]]) },
  ],
  ['asked again, the same answer, and nothing is called', 'no answer', { again: new Map() }],
  ['asked again, the same answer, and nothing is called', 'a request', { requestsOfAskingAgain: 1 }],
  [
    'no response that was kept is bought again',
    'a try that began after one had succeeded',
    { attempts: [ROW, { ...ORPHAN, started_us: '2001', closed_us: '3000' }] },
  ],
  [
    'every query has ended in the ledger',
    'one that runs',
    { queries: [{ ...GOOD.queries[0]!, status: 'running' }] },
  ],
  ['every query has ended in the ledger', 'one that is not there', { queries: [] }],
  [
    'every query has ended in the ledger',
    'one that nobody asked',
    { queries: [...GOOD.queries, { query_id: 'x', workflow_id: 'x', status: 'ended' }] },
  ],
  [
    'no worker ends by itself but where a server is away',
    'a crash',
    { exits: new Map([['exit 1: TypeError', 1]]) },
  ],
  ['no text is left open', 'a prompt', { openTexts: ['id/request'] }],
  [
    'no row is left open',
    'an open row of a query that has ended',
    { attempts: [ROW, { ...ORPHAN, status: 'started', closed_us: null }] },
  ],
  [
    'the answers are those of a run without crashes',
    'another text',
    { asked: [{ ...ASKED, answer: { ...ANSWER, text: '43' } }] },
  ],
  [
    'the answers are those of a run without crashes',
    'an error where there is an answer',
    { asked: [{ ...ASKED, answer: null, error: 'exhausted' }] },
  ],
  ['the classes of spend add up to the total', 'a class too few', { classes: [] }],
  [
    'the classes of spend add up to the total',
    'a bound that is missing in one of them',
    { classes: [{ ...GOOD.classes[0]!, high: null }] },
  ],
  [
    'nothing is a duplicate',
    'a response that the query had already',
    { attempts: [ROW, { ...LATE, spend_class: 'duplicate' }] },
  ],
];

describe('finds', () => {
  test.each(DOCTORED)('%s: %s', (check, _what, books) => {
    expect(broken(books)).toContain(check);
  });

  test('every check can fail', () => {
    const names = audit(GOOD).map(({ name }) => name);
    expect(new Set(DOCTORED.map(([check]) => check))).toEqual(new Set(names));
  });
});

describe('takes no offence at', () => {
  test('an orphan beside what replaced it', () => {
    expect(broken({ attempts: [{ ...ORPHAN, started_us: '500', closed_us: '900' }, ROW] })).toEqual([]);
  });

  test('a late close of an orphan', () => {
    const meter = [ENTRY, { ...ENTRY, client_request_id: 'b' }];
    const total = { low: '0.02', high: '0.02' };
    const classes = [...GOOD.classes, { spend_class: 'discarded', attempts: '1', low: '0.01', high: '0.01' }];
    expect(broken({ attempts: [ROW, LATE], meter, total, classes })).toEqual([]);
  });

  test('another answer where the vendor failed', () => {
    const failed = row({
      attempt_id: 'b',
      status: 'failed',
      spend_class: 'retried',
      cost_low_usd: '0',
      started_us: '500',
    });
    const answer = { ...ANSWER, text: '43' };
    expect(
      broken({ attempts: [failed, ROW], asked: [{ ...ASKED, answer }], again: new Map([['k', answer]]) }),
    ).toEqual([]);
  });
});
