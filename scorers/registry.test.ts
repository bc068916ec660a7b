import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  createScorerRegistry,
  defineScorer,
  liftSingle,
  ScorerProblem,
  type ScoredResponse,
} from './index.ts';

const query = { task: 't', messages: [], parameters: {} };
const context = {
  ask: () => Promise.reject(new Error('nobody to ask')),
  embed: () => Promise.reject(new Error('nobody to ask')),
  signal: new AbortController().signal,
};
const response = (answer: string | null, text = 'text'): ScoredResponse => ({
  stage: 0,
  model: 'm',
  answer,
  text,
  finishReason: 'stop',
  logprobs: null,
});

let made = 0;
const length = defineScorer({
  name: 'length',
  summary: 'Short is good.',
  options: z.strictObject({ longest: z.int().default(100) }),
  remote: false,
  create({ longest }) {
    made++;
    return liftSingle((_query, { text }) => Math.max(0, 1 - text.length / longest));
  },
});

const registry = createScorerRegistry([length]);

describe('a registry', () => {
  it('knows the built-in scorers and a worker’s own', () => {
    expect(registry.names()).toEqual([
      'agreement',
      'constant',
      'http',
      'judge',
      'length',
      'logprob',
      'validator',
    ]);
    expect(registry.get('length')).toBe(length);
  });

  it('names the known ones, and the one that was meant', () => {
    expect(() => registry.get('agrement')).toThrow(
      /no scorer "agrement"\. Did you mean "agreement"\? Known scorers: agreement, constant/,
    );
    expect(() => registry.get('nonsense')).toThrow(/no scorer "nonsense"\. Known/);
    expect(registry.parse('Judge', {})).toEqual({
      problems: [expect.stringContaining('"judge"?') as string],
    });
  });

  it('parses options with their defaults, and says what the engine must know', () => {
    expect(registry.parse('agreement', {})).toEqual({
      scorer: { name: 'agreement', options: { prior: 1 }, remote: false, scoresLastStage: true, models: [] },
    });
    expect(registry.parse('judge', { model: 'large' })).toEqual({
      scorer: {
        name: 'judge',
        options: { model: 'large', use_logprobs: false },
        remote: true,
        scoresLastStage: false,
        models: ['large'],
      },
    });
    expect(registry.parse('http', { url: 'https://example.com/s' })).toMatchObject({
      scorer: { remote: true, scoresLastStage: true },
    });
  });

  it('takes a kind for remote with options by which it asks or embeds', () => {
    const options = z.strictObject({ asks: z.array(z.string()), embeds: z.array(z.string()) });
    const kind = defineScorer({
      ...{ name: 'asking', summary: 'Asks.', options, remote: false },
      models: ({ asks }) => asks,
      embedders: ({ embeds }) => embeds,
      create: () => () => [],
    });
    const parsed = (own: object) => createScorerRegistry([kind]).parse('asking', own);
    expect(parsed({ asks: [], embeds: [] })).toMatchObject({ scorer: { remote: false, models: [] } });
    expect(parsed({ asks: ['m'], embeds: [] })).toMatchObject({ scorer: { remote: true, models: ['m'] } });
    expect(parsed({ asks: [], embeds: ['e'] })).toMatchObject({
      scorer: { remote: true, scoresLastStage: true, embedders: ['e'] },
    });
  });

  it('reports every problem of the options by its path', () => {
    expect(registry.parse('agreement', { prior: 0, pior: 1 })).toEqual({
      problems: [
        expect.stringMatching(/^options\.prior: /) as string,
        expect.stringMatching(/^options: .*pior/) as string,
      ],
    });
    expect(() => registry.create({ name: 'agreement', options: { prior: -1 } })).toThrow(
      /"agreement" has invalid options: options\.prior/,
    );
  });

  it('makes equal specs once', () => {
    made = 0;
    const one = registry.create({ name: 'length', options: { longest: 10 } });
    expect(registry.create({ name: 'length', options: { longest: 10 } })).toBe(one);
    expect(registry.create({ name: 'length', options: {} })).not.toBe(one);
    expect(made).toBe(2);
    expect(one(query, [response('A', 'abcde')], context)).toEqual([{ answer: 'A', confidence: 0.5 }]);
  });

  it('gives a JSON Schema of every built-in’s options', () => {
    for (const name of registry.names()) {
      expect(z.toJSONSchema(registry.get(name).options, { io: 'input' })).toMatchObject({
        type: 'object',
        additionalProperties: false,
      });
    }
  });

  it.each([
    [{ ...length, name: 'judge' }, /"judge" cannot be registered: the name is taken/],
    [{ ...length, name: 'My Scorer' }, /not in kebab-case/],
  ])('refuses a kind that cannot be', (kind, problem) => {
    expect(() => createScorerRegistry([kind])).toThrow(problem);
  });
});

describe('a registry with more kinds', () => {
  it('has those of the one that it is made from, which stays as it is', () => {
    const more = registry.including([{ ...length, name: 'width' }]);
    expect(more.names()).toEqual([...registry.names(), 'width'].sort());
    expect(registry.names()).not.toContain('width');
    expect(() => more.including([length])).toThrow(/the name is taken/);
  });

  it('loads a scorer with what it needs, and names what a person must mend', async () => {
    const asked: unknown[] = [];
    const needy = {
      ...length,
      name: 'needy',
      ready: (options: unknown) => Promise.resolve(void asked.push(options)),
    };
    const more = registry.including([needy]);
    const spec = { name: 'needy', options: { longest: 10 } };
    expect(await more.load(spec)).toBe(more.create(spec));
    expect(asked).toEqual([{ longest: 10 }]);
    await expect(more.load({ name: 'nedy', options: {} })).rejects.toThrow(ScorerProblem);
    await expect(more.load({ name: 'nedy', options: {} })).rejects.toThrow(/Did you mean "needy"\?/);
  });
});

describe('what a scorer returns', () => {
  const returning = (scores: unknown, later = false): (() => unknown) => {
    const odd = defineScorer({
      name: 'odd',
      summary: 'Returns what it is told to.',
      options: z.strictObject({}),
      remote: false,
      create: () => () => (later ? Promise.resolve(scores) : scores) as never,
    });
    const score = createScorerRegistry([odd]).create({ name: 'odd', options: {} });
    return () => score(query, [response('A'), response(null)], context);
  };

  it.each([
    [[{ answer: 'A', confidence: 1.1 }], /"odd" gave "A" the confidence 1.1/],
    [[{ answer: 'A', confidence: Number.NaN }], /confidence NaN/],
    [[{ answer: 'B', confidence: 1 }], /"B", which no response gave/],
    [
      [
        { answer: 'A', confidence: 1 },
        { answer: 'A', confidence: 0 },
      ],
      /"A" twice/,
    ],
  ])('is checked: %j', async (scores, problem) => {
    expect(returning(scores)).toThrow(problem);
    await expect(returning(scores, true)()).rejects.toThrow(problem);
  });

  it('passes when it is sound', async () => {
    const sound = [{ answer: 'A', confidence: 1 }];
    expect(returning(sound)()).toEqual(sound);
    expect(await returning(sound, true)()).toEqual(sound);
  });
});

describe('a scorer of one response', () => {
  it('is asked for the newest only, and not at all without an answer', async () => {
    const texts: string[] = [];
    const one = liftSingle((_query, { text }) => {
      texts.push(text);
      return 0.5;
    });
    expect(one(query, [response('A', 'old'), response('A', 'new')], context)).toEqual([
      { answer: 'A', confidence: 0.5 },
    ]);
    expect(one(query, [response('A', 'old'), response(null)], context)).toEqual([]);
    expect(texts).toEqual(['new']);
    const later = liftSingle(() => Promise.resolve(0.25));
    expect(await later(query, [response('A')], context)).toEqual([{ answer: 'A', confidence: 0.25 }]);
  });
});
