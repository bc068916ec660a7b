import { readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { settingsJsonSchema } from './json-schema.ts';

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8');
const schema = settingsJsonSchema() as object;
const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(schema);

const withScorer = (scorer: unknown) => ({
  models: { a: { provider: 'openai' } },
  tasks: { t: { chain: ['a'], threshold: 0.5, scorer } },
});

it('is committed as it is generated: if not, run "escalier schema > docs/escalier.schema.json"', async () => {
  const committed: unknown = JSON.parse(await read('../docs/escalier.schema.json'));
  expect(committed).toEqual(JSON.parse(JSON.stringify(schema)));
});

it('accepts the example', async () => {
  validate(parse(await read('../examples/escalier.yaml')));
  expect(validate.errors).toBeNull();
});

it('knows the options of the built-in scorers, and lets a scorer of one’s own be', () => {
  expect(validate(withScorer('agreement'))).toBe(true);
  expect(validate(withScorer({ name: 'agreement', prior: 2 }))).toBe(true);
  expect(validate(withScorer({ name: 'agreement', prior: 0 }))).toBe(false);
  expect(validate(withScorer({ name: 'agreement', priro: 2 }))).toBe(false);
  expect(validate(withScorer({ name: 'judge' }))).toBe(false);
  expect(validate(withScorer({ name: 'validator', json_schema: { type: 'object' } }))).toBe(true);
  expect(validate(withScorer({ name: 'my-own', anything: [1] }))).toBe(true);
});

it('refuses what the settings refuse', () => {
  const good = withScorer('agreement');
  expect(validate({ ...good, providers: { openai: { api_key: 'sk-1' } } })).toBe(false);
  expect(validate({ ...good, model: {} })).toBe(false);
  expect(validate({ ...good, tasks: { t: { ...good.tasks.t, threshold: 1.2 } } })).toBe(false);
  expect(validate({ ...good, tasks: { t: { ...good.tasks.t, chain: [] } } })).toBe(false);
});
