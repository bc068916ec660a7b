import { randomUUID } from 'node:crypto';
import { WorkflowFailedError } from '@temporalio/client';
import { describe, expect, test } from 'vitest';
import type { CascadeAnswer, CascadeErrorDetails } from '../core/result.ts';
import { answered, failed, hanging, modelOf, policyOf, priceOf, useWorld } from './support/world.ts';

const world = useWorld();
const messages = [{ role: 'user', content: 'What is six times seven?' }];

async function ask(task: string, options: { id?: string; request?: object } = {}): Promise<CascadeAnswer> {
  return (await world.client.workflow.execute('cascade', {
    taskQueue: world.taskQueue,
    workflowId: options.id ?? `test/${randomUUID()}`,
    args: [{ task, messages, ...options.request }],
  })) as CascadeAnswer;
}

describe('a cascade on real servers', () => {
  test('stops at the first answer that clears its threshold', async () => {
    await world.apply(policyOf('agree'));
    world.vendor = () => answered('It is 42.');
    const answer = await ask('agree');
    expect(answer).toMatchObject({ outcome: 'accepted', accepted: true, text: 'It is 42.', model: 'small' });
    expect(answer.attempts.map((attempt) => [attempt.model, attempt.verdict])).toEqual([
      ['small', 'accepted'],
      ['medium', 'corroborated'],
    ]);
    // small: 100 × $1 + 10 × $2 per Mtok; medium: 100 × $5 + 10 × $10.
    expect(answer.costUsd).toBe('0.00072');
  });
});
void [WorkflowFailedError, failed, hanging, modelOf, priceOf, {} as CascadeErrorDetails];
