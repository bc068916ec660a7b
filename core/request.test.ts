import { describe, expect, test } from 'vitest';
import { outputTokenBound } from './output-bound.ts';
import { parseRequest } from './request.ts';

const request = { task: 'sums', messages: [{ role: 'user', content: 'six times seven?' }] };

function problemsOf(parameters: Record<string, unknown>): string[] {
  const parsed = parseRequest({ ...request, parameters });
  return 'problems' in parsed ? parsed.problems : [];
}

describe('a limit on output tokens', () => {
  test.each([-1, 0, 0.5, 1e20, 'many', true])('cannot be %j', (limit) => {
    for (const name of ['max_tokens', 'max_completion_tokens']) {
      expect(problemsOf({ [name]: limit })).toEqual([
        `parameters.${name}: expected a whole number of tokens, from 1 to 1000000000`,
      ]);
    }
  });

  test.each([1, 128_000, null])('can be %j', (limit) => {
    expect(problemsOf({ max_tokens: limit })).toEqual([]);
  });

  test.each<[Record<string, number | null>, number | null, number | null]>([
    [{}, null, null],
    [{}, 100, 100],
    [{ max_tokens: 50 }, null, 50],
    [{ max_tokens: 500 }, 100, 100],
    // Which of the two a vendor heeds is its own affair.
    [{ max_tokens: 50, max_completion_tokens: 70 }, null, 70],
    [{ max_tokens: null, max_completion_tokens: 70 }, 100, 70],
  ])('of %j and a model of %j is %j', (parameters, maxOutputTokens, bound) => {
    expect(outputTokenBound({ maxOutputTokens }, parameters)).toBe(bound);
  });
});

test.each(['model', 'models', 'fallbacks', 'stream'])('the parameter %s is the cascade’s own', (name) => {
  expect(problemsOf({ [name]: ['another'] })).toEqual([
    expect.stringContaining(`parameters.${name}: may not`),
  ]);
});

test('a request that is nested too deeply is refused by name', () => {
  let deep: unknown = 1;
  for (let depth = 0; depth < 100_000; depth++) deep = [deep];
  expect(parseRequest({ ...request, parameters: { deep } })).toEqual({
    problems: ['the request is nested too deeply'],
  });
});
