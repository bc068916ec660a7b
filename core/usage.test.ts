import { describe, expect, it } from 'vitest';
import { NO_USAGE, usageProblem } from './usage.ts';

const fine = { ...NO_USAGE, inputTokens: 100, outputTokens: 50 };

describe('usage', () => {
  it('accepts parts up to their totals', () => {
    expect(usageProblem(NO_USAGE)).toBeNull();
    expect(
      usageProblem({ ...fine, cachedInputTokens: 60, cacheWriteTokens: 40, reasoningTokens: 50 }),
    ).toBeNull();
  });

  it.each([
    [{ inputTokens: -1 }, /inputTokens is -1/],
    [{ outputTokens: 1.5 }, /outputTokens is 1.5/],
    [{ outputTokens: Number.NaN }, /outputTokens is NaN/],
    [{ cachedInputTokens: 61, cacheWriteTokens: 40 }, /exceed the input \(100\)/],
    [{ inputAudioTokens: 101 }, /audio tokens exceed the input/],
    [{ reasoningTokens: 51 }, /reasoning tokens \(51\) exceed the output \(50\)/],
    [{ outputAudioTokens: 51 }, /audio tokens exceed the output/],
  ])('names what is impossible in %j', (change, problem) => {
    expect(usageProblem({ ...fine, ...change })).toMatch(problem);
  });
});
