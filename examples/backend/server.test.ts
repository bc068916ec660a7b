import { expect, test } from 'vitest';
import {
  DeadlineError,
  FailedError,
  KeyConflictError,
  type Ask,
  type CascadeAnswer,
  type CascadeError,
} from '../../client/index.ts';
import { createApp } from './server.ts';

const ANSWER: CascadeAnswer = {
  queryId: '01a20a72-3da0-73e4-a8eb-b11b505237c5',
  startedAt: '2026-11-23T22:06:28.766487Z',
  task: 'support-triage',
  policyVersion: 1,
  outcome: 'accepted',
  accepted: true,
  text: 'Billing.',
  message: { role: 'assistant', content: 'Billing.' },
  finishReason: 'stop',
  model: 'nano',
  stage: 0,
  answer: 'billing',
  confidence: 2 / 3,
  threshold: 0.6,
  attempts: [],
  costUsd: '0.0004',
  costLowUsd: '0.0004',
  costHighUsd: '0.0004',
};
const SPENT = {
  costUsd: '0.01',
  costLowUsd: '0.01',
  costHighUsd: '0.01',
  queryId: null,
  task: null,
  attempts: [],
};

/** A service whose client gives one answer, or fails; it says what it was asked and what was logged. */
function service(outcome: CascadeAnswer | CascadeError | Error) {
  const asked: Ask[] = [];
  const logged: unknown[] = [];
  const escalier = {
    ask(ask: Ask) {
      asked.push(ask);
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    },
  };
  const app = createApp(escalier, (error) => logged.push(error));
  const post = async (body: unknown, key: string | null = 'ticket-1') => {
    const headers = { 'content-type': 'application/json', ...(key !== null && { 'idempotency-key': key }) };
    const response = await app.request('/triage', { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  };
  return { asked, logged, post };
}

test('a ticket gets its label, under a key of this service', async () => {
  const { asked, post } = service(ANSWER);
  expect(await post({ subject: 'Invoice', text: 'It is wrong.' })).toEqual({
    status: 200,
    body: { label: 'billing', sure: true, model: 'nano', cost_usd: '0.0004' },
  });
  expect(asked).toMatchObject([{ task: 'support-triage', idempotencyKey: 'triage/ticket-1' }]);
});

test('a guess is called one', async () => {
  const { post } = service({ ...ANSWER, outcome: 'last-stage', confidence: 0.5 });
  expect(await post({ text: 'x' })).toMatchObject({ body: { label: 'billing', sure: false } });
});

test('a text without any of the labels is passed on as a guess', async () => {
  const { post } = service({
    ...ANSWER,
    outcome: 'last-stage',
    answer: null,
    confidence: 0,
    text: ' refund?\n',
  });
  expect(await post({ text: 'x' })).toMatchObject({ body: { label: 'refund?', sure: false } });
});

test.each([
  ['no key', { text: 'x' }, null],
  ['a key with white space', { text: 'x' }, 'my key'],
  ['no text', {}, 'k'],
  ['an unknown field', { text: 'x', colour: 'red' }, 'k'],
  ['no object', 7, 'k'],
])('%s: 400, and nothing is asked', async (_what, body, key) => {
  const { asked, post } = service(ANSWER);
  expect(await post(body, key)).toMatchObject({ status: 400, body: { error: { code: 'bad-request' } } });
  expect(asked).toEqual([]);
});

test.each([
  [new KeyConflictError({ ...SPENT, code: 'key-conflict', message: 'used' }), 409, 'used', 0],
  [new DeadlineError({ ...SPENT, code: 'deadline', message: 'too late' }), 504, 'too late', 1],
  [new FailedError({ ...SPENT, code: 'failed', message: 'set OPENAI_API_KEY' }), 500, 'see the log', 1],
])('%s', async (error, status, message, logs) => {
  const { logged, post } = service(error);
  expect(await post({ text: 'x' })).toEqual({ status, body: { error: { code: error.code, message } } });
  expect(logged).toHaveLength(logs);
});

test('anything else is a 500 that tells nothing', async () => {
  const { logged, post } = service(new Error('a secret'));
  expect(await post({ text: 'x' })).toEqual({
    status: 500,
    body: { error: { code: 'internal', message: 'see the log' } },
  });
  expect(logged).toHaveLength(1);
});
