import { expect, test } from 'vitest';
import { createScorerRegistry } from '../scorers/registry.ts';
import { parseSettings, type Settings } from './load.ts';
import { SettingsError } from './problems.ts';

const settingsOf = (task: string, alarms = ''): string => `
models:
  small: { provider: openai, id: gpt-5-nano, max_output_tokens: 1000 }
  large: { provider: openai, id: gpt-5, max_output_tokens: 1000 }
tasks:
  support: { chain: [small, large], threshold: 0.5, scorer: agreement, answer: number, ${task} }
${alarms}`;

function read(text: string): Settings {
  return parseSettings(text, 'escalier.yaml', createScorerRegistry(), {
    now: new Date('2026-01-15T12:00:00Z'),
  });
}

test('a task says when an alarm is raised and what it does; the worker, who is told', () => {
  const { policies, raw } = read(
    settingsOf(
      'audit: 1%, watch: { max_loss: 2%, judge: last-stage, label_wait: 12h, on_suspect: baseline, certificate_max_age: 90d }',
      'alarms: { webhook: "https://alarms.example/hook" }',
    ),
  );
  const HOUR_MS = 3_600_000;
  expect(policies[0]?.watch).toEqual({
    maxLoss: 0.02,
    judge: 'last-stage',
    labelWaitMs: 12 * HOUR_MS,
    onSuspect: 'baseline',
    certificateMaxAgeMs: 90 * 24 * HOUR_MS,
  });
  expect(raw.alarms?.webhook).toBe('https://alarms.example/hook');
});

test('what is not said follows from the certificate, and changes nothing', () => {
  expect(read(settingsOf('audit: 1%, watch: {}')).policies[0]?.watch).toEqual({
    maxLoss: null,
    judge: 'labels',
    labelWaitMs: 0,
    onSuspect: 'keep',
    certificateMaxAgeMs: null,
  });
  expect(read(settingsOf('audit: 1%')).policies[0]).not.toHaveProperty('watch');
});

test('a slice may be audited more densely than the rest', () => {
  const { policies } = read(settingsOf('audit: { share: 1%, slices: { "topic=billing": 20% } }'));
  expect(policies[0]?.audit).toEqual({ share: 0.01, slices: { 'topic=billing': 0.2 } });
});

test.each([
  [
    'audit: { share: 5%, slices: { "topic=billing": 5% } }',
    'tasks.support.audit.slices.topic=billing: changes nothing: expected more than 5%, the share of all queries',
  ],
  ['audit: { share: 5%, slices: { billing: 20% } }', 'expected a tag and its value, such as "topic=billing"'],
  ['audit: { share: 5%, slices: { "topic=billing": 20 } }', 'expected a share of queries in percent'],
  ['audit: 5', 'expected a share of queries in percent'],
  ['watch: { max_loss: 2% }', 'tasks.support.watch: sees nothing: set audit, such as 1%, or take it out'],
  ['audit: 1%, watch: { max_loss: 100% }', 'a loss of 100% is never exceeded: expected less'],
  ['audit: 1%, watch: { certificate_max_age: 90 days }', 'expected a time such as "12h" or "90d"'],
  ['audit: 1%, watch: { on_suspect: panic }', 'tasks.support.watch.on_suspect'],
])('refused by name: %s', (task, message) => {
  let problem: unknown;
  try {
    read(settingsOf(task));
  } catch (error) {
    problem = error;
  }
  expect(problem).toBeInstanceOf(SettingsError);
  expect((problem as SettingsError).problems.join('\n')).toContain(message);
});
