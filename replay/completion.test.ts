import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bodyOf, completionOf, eventsOf } from './completion.ts';
import { misreported } from './usage.ts';

const recorded = fc.record({
  id: fc.constant('q'),
  model: fc.constant('m'),
  text: fc.string({ unit: 'grapheme', maxLength: 200 }),
  input_tokens: fc.nat(100),
  output_tokens: fc.nat(60),
});

interface Choice {
  readonly delta: { readonly content?: string };
  readonly finish_reason: string | null;
}

it('streams the text that it would send as a whole, within the limit of tokens', () => {
  fc.assert(
    fc.property(recorded, fc.option(fc.integer({ min: 1, max: 80 })), (response, limit) => {
      const request = { model: 'm', messages: [{}], max_tokens: limit };
      const completion = completionOf(response, request, 'chatcmpl-1');
      const choices = eventsOf(completion).map(
        ({ data }) => (JSON.parse(data) as { choices: [Choice] }).choices[0],
      );
      expect(choices.map(({ delta }) => delta.content ?? '').join('')).toBe(completion.text);
      expect(choices.at(-1)?.finish_reason).toBe(completion.finishReason);
      expect(JSON.parse(bodyOf(completion, completion.usage))).toMatchObject({
        choices: [{ message: { content: completion.text }, finish_reason: completion.finishReason }],
      });
      const cut = limit !== null && limit < response.output_tokens;
      expect(completion.finishReason).toBe(cut ? 'length' : 'stop');
      expect(completion.usage.output_tokens).toBe(cut ? limit : response.output_tokens);
      expect(response.text.startsWith(completion.text)).toBe(true);
      if (!cut) expect(completion.text).toBe(response.text);
    }),
  );
});

it('never tells the truth where it is to lie, nor an impossible usage', () => {
  const usage = fc
    .record({
      input_tokens: fc.nat(500),
      cached: fc.double({ min: 0, max: 1, noNaN: true }),
      output_tokens: fc.nat(500),
    })
    .map(({ cached, ...tokens }) => ({ ...tokens, cached_tokens: Math.floor(cached * tokens.input_tokens) }));
  fc.assert(
    fc.property(usage, fc.double({ min: 0, max: 3, noNaN: true }), (truth, factor) => {
      const lie = misreported(truth, factor);
      expect([lie.input_tokens, lie.output_tokens]).not.toEqual([truth.input_tokens, truth.output_tokens]);
      expect(lie.cached_tokens).toBeLessThanOrEqual(lie.input_tokens);
    }),
  );
});
