import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../core/policy.ts';
import { createScorerRegistry } from './index.ts';
import type { Score, ScoredQuery, ScoredResponse, ScoringContext } from './scorer.ts';

const registry = createScorerRegistry();
const query: ScoredQuery = { task: 't', messages: [{ role: 'user', content: 'q' }], parameters: {} };
/** A local scorer is a pure function: whatever it asks for is an error. */
const nothing: ScoringContext = {
  ask: () => Promise.reject(new Error('a local scorer asks nobody')),
  embed: () => Promise.reject(new Error('a local scorer asks nobody')),
  signal: new AbortController().signal,
};
const response = (answer: string | null, change: Partial<ScoredResponse> = {}): ScoredResponse => ({
  stage: 0,
  model: 'm',
  answer,
  text: answer ?? '',
  finishReason: 'stop',
  logprobs: null,
  ...change,
});
const scorer = (name: string, options: JsonObject = {}): Score => registry.create({ name, options });
const score = (how: Score, ...responses: ScoredResponse[]): unknown => how(query, responses, nothing);

describe('constant', () => {
  it('gives the newest answer the same confidence, 0 by default', () => {
    expect(score(scorer('constant'), response('A'), response('B'))).toEqual([{ answer: 'B', confidence: 0 }]);
    expect(score(scorer('constant', { confidence: 1 }), response('A'))).toEqual([
      { answer: 'A', confidence: 1 },
    ]);
    expect(score(scorer('constant'), response('A'), response(null))).toEqual([]);
  });
});

describe('agreement', () => {
  it('is votes over responses and prior, and counts responses without an answer', () => {
    const agree = scorer('agreement');
    expect(score(agree, response('A'))).toEqual([{ answer: 'A', confidence: 1 / 2 }]);
    expect(score(agree, response('A'), response('A'))).toEqual([{ answer: 'A', confidence: 2 / 3 }]);
    expect(score(agree, response('A'), response(null), response('B'), response('A'))).toEqual([
      { answer: 'A', confidence: 2 / 5 },
      { answer: 'B', confidence: 1 / 5 },
    ]);
    expect(score(agree, response(null))).toEqual([]);
    expect(score(scorer('agreement', { prior: 0.5 }), response('A'))).toEqual([
      { answer: 'A', confidence: 1 / 1.5 },
    ]);
  });

  it('stays in [0, 1], scores exactly the answers given, and rises with votes', () => {
    const answers = fc.array(fc.constantFrom('A', 'B', 'C', null), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(answers, fc.double({ min: 0.001, max: 100, noNaN: true }), (given, prior) => {
        const agree = scorer('agreement', { prior });
        const confidences = (all: readonly (string | null)[]): Map<string, number> => {
          const scores = score(agree, ...all.map((answer) => response(answer)));
          return new Map(
            (scores as { answer: string; confidence: number }[]).map((s) => [s.answer, s.confidence]),
          );
        };
        const before = confidences(given);
        expect([...before.keys()].sort()).toEqual([...new Set(given)].filter((each) => each !== null).sort());
        const votes = (answer: string): number => given.filter((each) => each === answer).length;
        for (const [answer, confidence] of before) {
          expect(confidence).toBeGreaterThan(0);
          expect(confidence).toBeLessThanOrEqual(1);
          for (const [other, less] of before) {
            expect(Math.sign(confidence - less)).toBe(Math.sign(votes(answer) - votes(other)));
          }
          const after = confidences([...given, answer]);
          expect(after.get(answer)).toBeGreaterThan(confidence);
          for (const [other, was] of before) if (other !== answer) expect(after.get(other)).toBeLessThan(was);
        }
      }),
    );
  });
});

describe('logprob', () => {
  const logprobs = [Math.log(0.5), Math.log(0.125)];

  it('is the geometric mean of the tokens’ probabilities, or the least', () => {
    const [mean] = score(scorer('logprob'), response('A', { logprobs })) as { confidence: number }[];
    expect(mean!.confidence).toBeCloseTo(0.25, 12);
    const [least] = score(scorer('logprob', { statistic: 'min' }), response('A', { logprobs })) as {
      confidence: number;
    }[];
    expect(least!.confidence).toBeCloseTo(0.125, 12);
  });

  it('stays in [0, 1], whatever a provider rounds', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -9999, max: 1e-3, noNaN: true }), { minLength: 1 }), (values) => {
        for (const statistic of ['mean', 'min']) {
          const scores = score(scorer('logprob', { statistic }), response('A', { logprobs: values }));
          expect(scores).toHaveLength(1);
        }
      }),
    );
  });

  it('says how to mend a response without them', () => {
    expect(() => score(scorer('logprob'), response('A'))).toThrow(
      /set "logprobs: true" in the task’s parameters/,
    );
    expect(() => score(scorer('logprob'), response('A', { logprobs: [] }))).toThrow(/no log probabilities/);
  });
});

describe('validator', () => {
  const holds = (options: JsonObject, given: ScoredResponse): boolean => {
    const scores = score(scorer('validator', options), given) as { confidence: number }[];
    return scores[0]!.confidence === 1;
  };

  it('checks the JSON in the text', () => {
    const json_schema = {
      type: 'object',
      properties: { n: { type: 'integer', minimum: 1 } },
      required: ['n'],
      additionalProperties: false,
    };
    expect(holds({ json_schema }, response('A', { text: 'so: {"n": 2}' }))).toBe(true);
    expect(holds({ json_schema }, response('A', { text: '{"n": 0}' }))).toBe(false);
    expect(holds({ json_schema }, response('A', { text: '{"n": 1, "m": 1}' }))).toBe(false);
    expect(holds({ json_schema: {} }, response('A', { text: 'no JSON' }))).toBe(false);
  });

  it('checks the answer, or the text, by pattern, range and labels', () => {
    expect(holds({ regex: '^\\d+$' }, response('42', { text: 'It is 42' }))).toBe(true);
    expect(holds({ regex: '^\\d+$', on: 'text' }, response('42', { text: 'It is 42' }))).toBe(false);
    expect(holds({ numeric: { min: 0, max: 10 } }, response('10'))).toBe(true);
    expect(holds({ numeric: { min: 0, max: 10 } }, response('10.5'))).toBe(false);
    expect(holds({ numeric: { integer: true } }, response('10.5'))).toBe(false);
    expect(holds({ numeric: {} }, response('ten'))).toBe(false);
    expect(holds({ labels: ['Yes', 'No'] }, response('yes'))).toBe(true);
    expect(holds({ labels: ['Yes', 'No'] }, response('maybe'))).toBe(false);
  });

  it('needs every rule, and gives the confidences that it was told', () => {
    const options = { regex: '4', numeric: { max: 10 }, valid: 0.9, invalid: 0.2 };
    expect(score(scorer('validator', options), response('4'))).toEqual([{ answer: '4', confidence: 0.9 }]);
    expect(score(scorer('validator', options), response('44'))).toEqual([{ answer: '44', confidence: 0.2 }]);
    expect(score(scorer('validator', options), response(null))).toEqual([]);
  });

  it.each([
    [{}, /at least one rule/],
    [{ regex: '(' }, /options\.regex: Invalid regular expression/],
    [{ json_schema: { type: 'objekt' } }, /options\.json_schema: /],
    [{ json_schema: { propertys: {} } }, /unknown keyword: "propertys"/],
    [{ numeric: { min: 2, max: 1 } }, /min is greater than max/],
    [{ labels: [] }, /options\.labels/],
    [{ regex: 'a', valid: 2 }, /options\.valid/],
    [{ regexp: 'a' }, /regexp/],
  ])('refuses %j before anything is spent', (options, problem) => {
    const parsed = registry.parse('validator', options);
    expect('problems' in parsed ? parsed.problems.join('\n') : 'accepted').toMatch(problem);
  });
});
