import { describe, expect, it } from 'vitest';
import { AnswersHere } from './answers-here.ts';
import type { CascadeAnswer } from './result.ts';

const answer = { queryId: 'q', text: '42', attempts: [] } as unknown as CascadeAnswer;

describe('answers in the process', () => {
  it('reach everyone who waits, each with a copy', async () => {
    const here = new AnswersHere();
    const [first, second] = [here.expect('key'), here.expect('key')];
    here.give('other', null);
    here.give('key', answer);
    expect([await first.answer, await second.answer]).toEqual([answer, answer]);
    expect(await first.answer).not.toBe(answer);
    expect(await first.answer).not.toBe(await second.answer);
  });

  it('are left to the workflow where the process cannot give them', async () => {
    const here = new AnswersHere();
    const { answer: waited } = here.expect('key');
    here.give('key', null);
    expect(await waited).toBeNull();
  });

  it('are for those who wait when they come, and nobody else', async () => {
    const here = new AnswersHere();
    here.give('key', answer);
    const one = here.expect('key');
    const two = here.expect('key');
    one.forget();
    expect(await one.answer).toBeNull();
    here.give('key', answer);
    one.forget();
    expect(await two.answer).toEqual(answer);
  });
});
