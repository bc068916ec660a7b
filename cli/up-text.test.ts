import { expect, test } from 'vitest';
import { upText } from './up-text.ts';

const stack = {
  databaseUrl: 'postgres://p',
  temporalAddress: '127.0.0.1:7233',
  uiUrl: null,
  metricsUrl: null,
};

test('where everything is there, the addresses are told', () => {
  expect(upText({ ...stack, metricsUrl: 'http://127.0.0.1:9464/metrics' }, [])).toBe(`  Temporal UI   (yours)
  Temporal      127.0.0.1:7233
  Postgres      postgres://p
  Metrics       http://127.0.0.1:9464/metrics

Other commands of yours find it by themselves: try  escalier ask --task <task> "…"
Ctrl-C stops everything.`);
});

test('a vendor without its key is named, with the variable to set', () => {
  expect(upText(stack, [{ title: 'OpenAI', keyEnv: 'OPENAI_API_KEY' }])).toContain(`
There is no key for OpenAI: OPENAI_API_KEY is not set.
Queries of tasks that need it end as failed. Set it, and start "escalier up" again.
`);
});
