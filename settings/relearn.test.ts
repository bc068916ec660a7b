import { expect, test } from 'vitest';
import { BY_HAND } from '../core/relearning.ts';
import { createScorerRegistry } from '../scorers/registry.ts';
import { parseSettings, type Settings } from './load.ts';

const DAY_MS = 24 * 3_600_000;

function read(task: string): Settings {
  const text = `
models:
  small: { provider: openai, id: gpt-5-nano, max_output_tokens: 1000 }
  large: { provider: openai, id: gpt-5, max_output_tokens: 1000 }
tasks:
  support: { chain: [small, large], threshold: 0.5, scorer: agreement, answer: number, ${task} }
`;
  return parseSettings(text, 'escalier.yaml', createScorerRegistry(), {
    now: new Date('2026-01-15T12:00:00Z'),
  });
}

test('a task says how often it is learned anew, for what, and what becomes of it; its policy is the same', () => {
  const settings = read(
    'audit: 1%, relearn: { every: 14d, goal: { budget: 20% }, judge: last-stage, max_loss: 0.5%, window: 30d, promote: { canary: 10% } }',
  );
  expect(settings.relearning.get('support')).toEqual({
    everyMs: 14 * DAY_MS,
    goal: { type: 'budget', share: 0.2 },
    judge: 'last-stage',
    maxLoss: 0.005,
    windowMs: 30 * DAY_MS,
    canaryShare: 0.1,
  });
  expect(settings.policies).toEqual(read('audit: 1%').policies);
});

test('without more it is proposed once a week, as accurate as the best single model', () => {
  expect(read('audit: 1%, relearn: {}').relearning.get('support')).toEqual({
    ...BY_HAND,
    everyMs: 7 * DAY_MS,
  });
  expect(read('audit: 1%').relearning.size).toBe(0);
  const target = read('audit: 1%, relearn: { goal: { target_accuracy: 95% } }').relearning.get('support');
  expect(target?.goal).toEqual({ type: 'accuracy', target: 0.95 });
});

test.each([
  ['relearn: {}', 'has nothing to learn from: set audit'],
  ['audit: 1%, relearn: { goal: { budget: 20 } }', 'expected a share of the best single model’s cost'],
  ['audit: 1%, relearn: { goal: { price: 20% } }', 'expected { budget: 20% } or { target_accuracy: best }'],
  ['audit: 1%, relearn: { every: 1s }', 'expected a time such as "12h"'],
  ['audit: 1%, relearn: { max_loss: 100% }', 'a loss of 100% is never exceeded'],
  ['audit: 1%, relearn: { promote: always }', 'expected propose, or { canary: 10% }'],
  ['audit: 1%, relearn: { promote: { canary: 100% } }', 'a canary of 100% leaves nothing beside it'],
])('%s: %s', (task, message) => {
  expect(() => read(task)).toThrow(message);
});
