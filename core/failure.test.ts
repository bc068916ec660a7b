import { describe, expect, it } from 'vitest';
import { FAILURES, isFailureKind, reactionTo } from './failure.ts';

describe('failures', () => {
  it('retries what may pass, escalates what will not, and stops at what a person must mend', () => {
    const by = (reaction: string): string[] =>
      Object.keys(FAILURES).filter((kind) => isFailureKind(kind) && reactionTo(kind) === reaction);
    expect(by('retry')).toEqual([
      'rate-limited',
      'timeout',
      'connection',
      'stream-cut',
      'conflict',
      'server-error',
    ]);
    expect(by('abort')).toEqual(['authentication', 'unknown-model', 'unknown-provider']);
    expect(by('escalate')).toHaveLength(Object.keys(FAILURES).length - 9);
  });

  it('knows its own kinds only', () => {
    expect(isFailureKind('refusal')).toBe(true);
    expect(isFailureKind('toString')).toBe(false);
  });
});
