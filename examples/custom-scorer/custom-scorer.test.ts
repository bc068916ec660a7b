import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createScorerRegistry, type ScoredResponse, type ScorerKind } from '../../scorers/index.ts';
import { parseSettings } from '../../settings/load.ts';

const query = { task: 't', messages: [], parameters: {} };
const context = {
  ask: () => Promise.reject(new Error('nobody to ask')),
  embed: () => Promise.reject(new Error('nobody to ask')),
  signal: new AbortController().signal,
};
const response = (answer: string | null, text: string): ScoredResponse => ({
  stage: 0,
  model: 'm',
  answer,
  text,
  finishReason: 'stop',
  logprobs: null,
});

describe('the example', () => {
  it('is a module that a worker can load', async () => {
    const file = pathToFileURL(join(import.meta.dirname, 'my-scorers.js')).href;
    const { scorers } = (await import(file)) as { scorers: ScorerKind[] };
    const length = createScorerRegistry(scorers).create({ name: 'length', options: {} });
    expect(length(query, [response('A', 'x'.repeat(400))], context)).toEqual([
      { answer: 'A', confidence: 1 },
    ]);
    expect(length(query, [response('A', 'x'.repeat(1200))], context)).toEqual([
      { answer: 'A', confidence: 0.5 },
    ]);
    expect(length(query, [response('A', 'x'.repeat(9000))], context)).toEqual([
      { answer: 'A', confidence: 0 },
    ]);
    expect(length(query, [response(null, '')], context)).toEqual([]);
  });

  it('is named in the settings as its README shows', async () => {
    const readme = await readFile(join(import.meta.dirname, 'README.md'), 'utf8');
    const written = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml.trim());
    const file = pathToFileURL(join(import.meta.dirname, 'my-scorers.js')).href;
    const { scorers } = (await import(file)) as { scorers: ScorerKind[] };
    const stored = written.map((scorer) => {
      const settings = `models: { m: { provider: openai, price: unknown } }\ntasks:\n  t: { chain: [m], threshold: 1, ${scorer} }\n`;
      return parseSettings(settings, 'escalier.yaml', createScorerRegistry(scorers)).policies[0]?.scorer;
    });
    expect(stored).toMatchObject([
      { name: 'length', options: { sure: 400, lost: 2000 } },
      { name: 'http', options: { url: 'http://127.0.0.1:8099/', timeout_ms: 2000 } },
    ]);
  });

  it.skipIf(spawnSync('python3', ['--version']).status !== 0)('is a service in Python', async () => {
    const server = spawn('python3', [join(import.meta.dirname, 'server.py'), '0'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = (await once(server.stdout, 'data')) as [Buffer];
      const score = createScorerRegistry().create({ name: 'http', options: { url: line.toString().trim() } });
      expect(
        await score(query, [response('A', 'a'), response(null, ''), response('A', 'b')], context),
      ).toEqual([{ answer: 'A', confidence: 0.5 }]);
    } finally {
      server.kill();
    }
  });
});
