import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Policy } from '../core/policy.ts';
import { createScorerRegistry } from '../scorers/registry.ts';
import { loadSettings, parseSettings } from './load.ts';

const NOW = new Date('2026-01-15T12:00:00Z');
const scorers = createScorerRegistry();
const settingsIn = (text: string) => parseSettings(text, 'escalier.yaml', scorers, { now: NOW });
const policyIn = (text: string) => settingsIn(text).policies[0] as Policy;

const FULL = `
providers:
  openai:
  local: { base_url: "http://localhost:8000/v1", api_key_env: LOCAL_KEY, headers: { X-Team: blue } }
models:
  own:
    provider: local
    id: my/model-8b
    price: { input_usd_per_mtok: 0.10, output_usd_per_mtok: "0.4", cached_input_usd_per_mtok: 0.000001 }
    parameters: { temperature: 0, seed: 1 }
    max_output_tokens: 2000
    timeout: 20s
    stream: true
  gpt-5-mini: { provider: openai }
  gpt-5: { provider: openai, max_output_tokens: 128000 }
tasks:
  support:
    chain:
      - { model: own, threshold: 0.9, max_attempts: 1, timeout: 1.5s, parameters: { seed: 2 } }
      - gpt-5
    threshold: 0.7
    scorer: { name: judge, model: gpt-5-mini, use_logprobs: true }
    answer: { json: /label, normalise: none }
    parameters: { temperature: 0.5, max_tokens: 500 }
    deadline: 2m
    retention: hash
    token_profile: { input: 900, output: 100, cached_input: 300 }
`;

describe('settings', () => {
  it('have budgets beside their policies, which hold none but for the choice at a limit', () => {
    const budgets = (task: string, tenants = '') =>
      settingsIn(
        `${FULL.replace('    retention: hash\n', `    retention: hash\n    budget: ${task}\n`)}${tenants}`.replace(
          'gpt-5-mini: { provider: openai }',
          'gpt-5-mini: { provider: openai, max_output_tokens: 10 }',
        ),
      );
    const limited = budgets(
      '{ per_day_usd: 0.10, per_month_usd: "2.50" }',
      'tenants: { acme: { per_day_usd: 5 }, "*": { per_month_usd: 1 } }',
    );
    expect(limited.budgets).toEqual([
      { scopeKind: 'task', scope: 'support', period: 'day', limitUsd: '0.1' },
      { scopeKind: 'task', scope: 'support', period: 'month', limitUsd: '2.5' },
      { scopeKind: 'tenant', scope: 'acme', period: 'day', limitUsd: '5' },
      { scopeKind: 'tenant', scope: '*', period: 'month', limitUsd: '1' },
    ]);
    const plain = budgets('{}');
    expect(plain.budgets).toEqual([]);
    // What is stored stays the same to the byte: no new version because of a budget.
    expect(JSON.stringify(limited.policies)).toBe(JSON.stringify(plain.policies));
    expect(Object.keys(plain.policies[0]!.limits)).toEqual(['maxCostUsd', 'deadlineMs']);
    expect(budgets('{ at_limit: stop }').policies).toEqual(plain.policies);
    expect(budgets('{ at_limit: fail }').policies[0]!.limits).toMatchObject({ atBudget: 'fail' });
  });

  it('become policies, complete with defaults', () => {
    expect(policyIn(FULL)).toMatchInlineSnapshot(`
      {
        "answer": {
          "from": "json",
          "normalise": "none",
          "pointer": "/label",
        },
        "chain": [
          {
            "expectedUsdPerMtok": "0.1000003",
            "maxAttempts": 1,
            "maxOutputTokens": 2000,
            "model": "own",
            "modelId": "my/model-8b",
            "parameters": {
              "max_tokens": 500,
              "seed": 2,
              "temperature": 0.5,
            },
            "price": [
              {
                "daily": null,
                "from": null,
                "id": "8bfbb679053e4c0b",
                "rates": {
                  "cachedInput": "0.000001",
                  "input": "0.1",
                  "output": "0.4",
                },
                "source": "escalier.yaml",
              },
            ],
            "provider": "local",
            "stream": true,
            "timeoutMs": 1500,
          },
          {
            "expectedUsdPerMtok": "1.7875",
            "maxAttempts": 3,
            "maxOutputTokens": 128000,
            "model": "gpt-5",
            "modelId": "gpt-5",
            "parameters": {
              "max_tokens": 500,
              "temperature": 0.5,
            },
            "price": null,
            "provider": "openai",
            "stream": false,
            "timeoutMs": 60000,
          },
        ],
        "limits": {
          "deadlineMs": 120000,
          "maxCostUsd": null,
        },
        "retention": "hash",
        "scorer": {
          "models": [
            {
              "expectedUsdPerMtok": "0.3575",
              "maxAttempts": 3,
              "maxOutputTokens": null,
              "model": "gpt-5-mini",
              "modelId": "gpt-5-mini",
              "parameters": {},
              "price": null,
              "provider": "openai",
              "stream": false,
              "timeoutMs": 60000,
            },
          ],
          "name": "judge",
          "options": {
            "model": "gpt-5-mini",
            "use_logprobs": true,
          },
          "remote": true,
          "scoresLastStage": false,
        },
        "task": "support",
        "thresholds": [
          0.9,
          0.7,
        ],
        "tokenProfile": {
          "cachedInput": 300,
          "input": 900,
          "output": 100,
        },
      }
    `);
  });

  it('become providers: those that are written, and those that models name', () => {
    const { providers } = settingsIn(FULL);
    expect([...providers.keys()]).toEqual(['openai', 'local']);
    expect(providers.get('local')).toEqual({
      name: 'local',
      kind: 'openai-compatible',
      title: 'OpenAI-compatible server',
      baseUrl: 'http://localhost:8000/v1',
      keyEnv: 'LOCAL_KEY',
      keyRequired: true,
      headers: { 'X-Team': 'blue' },
      query: {},
      priceProvider: null,
    });
    expect(providers.get('openai')).toMatchObject({ keyEnv: 'OPENAI_API_KEY', priceProvider: 'openai' });
    const implicit = settingsIn('models: { gpt-5: { provider: openai } }\ntasks: {}\n').providers;
    expect([...implicit.keys()]).toEqual(['openai']);
  });

  it('keep the catalogue’s prices where base_url is the vendor’s own, or every installation has one', () => {
    const { providers } = settingsIn(`
providers:
  openai: { base_url: "https://api.openai.com/v1" }
  azure: { base_url: "https://me.openai.azure.com/openai/v1" }
  openai-eu: { kind: openai, base_url: "https://eu.api.openai.com/v1" }
models: {}
tasks: {}
`);
    expect([...providers.values()].map(({ priceProvider }) => priceProvider)).toEqual([
      'openai',
      'azure',
      null,
    ]);
  });

  it('give a model of unknown price the place it is written in', () => {
    const policy = policyIn(`
models:
  gpt-5: { provider: openai }
  gpt-5-mini: { provider: openai }
  mystery: { provider: openai, price: unknown }
tasks:
  t: { chain: [gpt-5-mini, mystery, gpt-5], threshold: 0.5, scorer: constant }
`);
    expect(policy.chain.map(({ model, expectedUsdPerMtok }) => [model, expectedUsdPerMtok])).toEqual([
      ['gpt-5-mini', '0.6875'],
      ['mystery', null],
      ['gpt-5', '3.4375'],
    ]);
    expect(policy.chain[1]?.price).toBe('unknown');
  });

  it('may order by the price of the day: two models of one price are in order either way', () => {
    const text = (chain: string) => `
models: { gpt-5: { provider: openai }, gpt-5.1: { provider: openai } }
tasks: { t: { chain: [${chain}], threshold: 0.5, scorer: constant } }
`;
    expect(policyIn(text('gpt-5, gpt-5.1')).chain).toHaveLength(2);
    expect(policyIn(text('gpt-5.1, gpt-5')).chain).toHaveLength(2);
  });

  it('take anchors, aliases and merge keys', () => {
    const policy = policyIn(`
models:
  gpt-5-mini: &usual { provider: openai, timeout: 5s }
  gpt-5: { <<: *usual }
tasks:
  t: { chain: [gpt-5-mini, gpt-5], threshold: 0.5, scorer: constant }
`);
    expect(policy.chain.map(({ timeoutMs }) => timeoutMs)).toEqual([5000, 5000]);
  });

  it.each([
    ['', { from: 'open' }],
    ['open', { from: 'open' }],
    ['number', { from: 'number' }],
    ['text', { from: 'text', normalise: 'loose' }],
    ['{ text: { normalise: none } }', { from: 'text', normalise: 'none' }],
    ['{ json: "" }', { from: 'json', pointer: '', normalise: 'loose' }],
    [
      '{ regex: "Answer: (.*)", normalise: number }',
      { from: 'regex', pattern: 'Answer: (.*)', normalise: 'number' },
    ],
    ['{ labels: [yes, no] }', { from: 'label', labels: ['yes', 'no'] }],
  ])('read the answer %s', (answer, spec) => {
    const line = answer === '' ? '' : `\n    answer: ${answer}`;
    const text = `
models: { gpt-5: { provider: openai } }
tasks:
  t:
    chain: [gpt-5]
    threshold: 0.5
    scorer: constant${line}
`;
    expect(policyIn(text).answer).toEqual(spec);
  });

  it.each([
    ['500ms', 500],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['24h', 86_400_000],
  ])('read the duration %s', (deadline, ms) => {
    const text = `
models: { gpt-5: { provider: openai } }
tasks: { t: { chain: [gpt-5], threshold: 0.5, scorer: constant, deadline: ${deadline} } }
`;
    expect(policyIn(text).limits.deadlineMs).toBe(ms);
  });
});

describe('examples/escalier.yaml', () => {
  const file = new URL('../examples/escalier.yaml', import.meta.url).pathname;

  it('needs no key but OpenAI’s, and climbs in price order', async () => {
    const { providers, policies } = await loadSettings(file, scorers, { now: NOW });
    expect([...providers.values()].map(({ keyEnv }) => keyEnv)).toEqual(['OPENAI_API_KEY']);
    expect(policies.map(({ task, chain }) => [task, chain.map(({ modelId }) => modelId)])).toEqual([
      ['support-triage', ['gpt-5-nano', 'gpt-5-mini', 'gpt-5']],
      ['question', ['gpt-5-nano', 'gpt-5']],
    ]);
    expect(policies.every(({ limits }) => limits.maxCostUsd !== null)).toBe(true);
  });
});

describe('docs/settings.md', () => {
  it('shows a smallest file that works', async () => {
    const text = await readFile(new URL('../docs/settings.md', import.meta.url), 'utf8');
    const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => block);
    const whole = blocks.filter((block) => block.startsWith('models:') && block.includes('tasks:'));
    expect(whole).toHaveLength(1);
    expect(policyIn(whole[0] as string).task).toBe('arithmetic');
    // The others are parts of a file: providers, models, or both.
    const parts = blocks.filter((block) => /^(providers|models):/.test(block) && !whole.includes(block));
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      const models = /^models:/m.test(part) ? '' : 'models: {}\n';
      expect(() => settingsIn(`${part}\n${models}tasks: {}\n`)).not.toThrow();
    }
  });
});

describe('docs/replay.md', () => {
  it('shows settings that apply takes', async () => {
    const text = await readFile(new URL('../docs/replay.md', import.meta.url), 'utf8');
    const [block = ''] = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml);
    expect(policyIn(block).chain.map(({ model }) => model)).toEqual(['small', 'medium', 'large']);
  });
});

describe('README.md', () => {
  it('shows a file that works, and the workflow on one screen', async () => {
    const text = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [block = ''] = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml);
    expect(policyIn(block).chain.map(({ model }) => model)).toEqual(['nano', 'mini', 'full']);
    const algorithm = await readFile(new URL('../workflows/cascade.ts', import.meta.url), 'utf8');
    expect(algorithm.split('\n').length).toBeLessThanOrEqual(40);
  });
});

describe('a chain whose prices have changed since it was applied', () => {
  const text = `
models:
  a: { provider: ollama-box, price: { input_usd_per_mtok: 2, output_usd_per_mtok: 2 } }
  c: { provider: ollama-box, price: { input_usd_per_mtok: 9, output_usd_per_mtok: 9 } }
  b: { provider: ollama-box, price: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 } }
providers: { ollama-box: { kind: ollama, base_url: 'http://localhost:11434/v1' } }
tasks:
  t: { chain: [a, b, c], scorer: agreement, answer: number, threshold: 0.6 }
`;

  it('is refused where it is applied', () => {
    expect(() => settingsIn(text)).toThrow(/not in ascending price order/);
  });

  it('is a warning where it is served', () => {
    const { policies, warnings } = parseSettings(text, 'escalier.yaml', scorers, {
      now: NOW,
      purpose: 'serve',
    });
    expect(policies.map(({ task }) => task)).toEqual(['t']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^escalier.yaml:8: tasks.t.chain.1: .*not in ascending price order/);
  });

  it('a model that may be silent for more than five minutes has to stream', () => {
    const patient = text.replace(
      '{ provider: ollama-box, price: { input_usd_per_mtok: 1',
      '{ provider: ollama-box, timeout: 10m, price: { input_usd_per_mtok: 3',
    );
    expect(() => settingsIn(patient)).toThrow(/b may take more than 5 minutes.*stream: true/);
    expect(settingsIn(patient.replace('timeout: 10m', 'timeout: 10m, stream: true')).policies).toHaveLength(
      1,
    );
  });

  it('only models that answer within a minute can be asked inline', () => {
    const ordered = text.replace('[a, b, c]', '[b, a, c]');
    const inline = ordered.replace('threshold: 0.6', 'threshold: 0.6, execution: inline');
    expect(settingsIn(inline).policies).toMatchObject([{ execution: 'inline' }]);
    const slow = inline.replace('{ provider: ollama-box,', '{ provider: ollama-box, timeout: 61s,');
    expect(() => settingsIn(slow)).toThrow(/tasks.t.execution: cannot be inline: \w+ may take 61 s/);
    const scored = inline.replace(
      'scorer: agreement',
      'scorer: { name: http, url: "http://127.0.0.1:1/", timeout_ms: 61000 }',
    );
    expect(() => settingsIn(scored)).toThrow(/cannot be inline: the scorer http may take 61 s/);
    const durable = ordered.replace('threshold: 0.6', 'threshold: 0.6, execution: durable');
    expect(settingsIn(durable).policies).toEqual(settingsIn(ordered).policies);
  });

  it('only a task that retains texts can be asked inline', () => {
    const inline = text
      .replace('[a, b, c]', '[b, a, c]')
      .replace('threshold: 0.6', 'threshold: 0.6, execution: inline, retention: hash');
    expect(() => settingsIn(inline)).toThrow(/cannot be inline with "retention: hash": an answer is lost/);
    expect(settingsIn(inline.replace('hash', 'full')).policies).toHaveLength(1);
  });

  it('a judge that may be silent for more than five minutes has to stream, too', () => {
    const judged = text
      .replace('[a, b, c]', '[b, a]')
      .replace('scorer: agreement', 'scorer: { name: judge, model: c }')
      .replace(/(c: \{ provider: [\w-]+,)/, '$1 timeout: 10m,');
    expect(() => settingsIn(judged)).toThrow(/c may take more than 5 minutes.*stream: true/);
  });

  it.each(['mailto:ada@example.com', 'ftp://example.com', 'https://user:secret@example.com/alarms'])(
    'alarms cannot be posted to %s',
    (url) => {
      const told = `${text.replace('[a, b, c]', '[b, a, c]')}alarms: { webhook: "${url}" }\n`;
      expect(() => settingsIn(told)).toThrow(/alarms.webhook: /);
    },
  );

  it('the scorer logprob has to be given log probabilities', () => {
    const unasked = text.replace('scorer: agreement', 'scorer: logprob').replace('[a, b, c]', '[b, a, c]');
    expect(() => settingsIn(unasked)).toThrow(/logprob" needs the log probabilities of b: set "parameters/);
    const asked = unasked.replace('threshold: 0.6', 'threshold: 0.6, parameters: { logprobs: true }');
    expect(settingsIn(asked).policies).toHaveLength(1);
  });
});
