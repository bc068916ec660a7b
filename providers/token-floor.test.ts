import { describe, expect, it } from 'vitest';
import { inputTokenFloor, textTokenFloor } from './token-floor.ts';

describe('a lower bound on tokens', () => {
  it.each([
    ['', 0],
    ['one', 0],
    ['one two', 1],
    ['one\n\ttwo   three four', 2],
    ['— … — … !', 0],
    ['x = 1 + 2', 1],
    ['émigré naïve', 1],
    ['六乘以七等于多少', 0],
  ])('of %j is %i', (text, tokens) => {
    expect(textTokenFloor(text)).toBe(tokens);
  });

  it('counts the texts of messages, in parts too, and nothing where a server may shorten them', () => {
    const messages = [
      { role: 'system', content: 'be brief please now' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'what is this' },
          { type: 'image_url', image_url: {} },
        ],
      },
      { role: 'assistant', content: null },
    ];
    expect(inputTokenFloor(messages, { temperature: 0 })).toBe(3);
    expect(inputTokenFloor(messages, { truncate_prompt_tokens: 1 })).toBe(0);
  });
});
