import { describe, expect, test } from 'vitest';
import { responseNgrams } from '../ngrams.ts';
import { dissect } from './dissect.ts';
import { FEATURES } from './index.ts';

const SIZE = 1_000_000;
/** Scoring takes milliseconds; this is what a crowded machine may make of it, and less than a catastrophic pattern takes. */
const MOST_MS = 5000;

/** Texts that patterns with repetitions in repetitions, or started from every place, are slow on. */
const HARD: Readonly<Record<string, string>> = {
  letters: 'a',
  digits: '1',
  spaces: ' ',
  'line breaks': '\n',
  dots: '.',
  quotes: '"',
  brackets: '[{"',
  'sums in dollars': '$1+',
  'sums of thousands': '1,234+',
  'sums with two spaces': '1 +  ',
  'numbers far apart': `1${' '.repeat(500)}`,
  fractions: '1/',
  'words of doubt': 'wait but let me re',
  'words that hardly are': 'assum-re-re',
};

describe('a text of a megabyte', () => {
  test.each(Object.keys(HARD))('of %s is scored in a bounded time, with finite features', (name) => {
    const text = HARD[name]!.repeat(SIZE / HARD[name]!.length);
    for (const answer of [null, 'x', HARD[name]!]) {
      const start = performance.now();
      const parts = dissect(
        { task: 't', messages: [{ role: 'user', content: text }], parameters: {} },
        { stage: 0, model: 'm', answer, text, finishReason: 'stop', logprobs: null },
      );
      expect(parts.text.length).toBeLessThanOrEqual(20_001);
      for (const feature of FEATURES) {
        expect(Number.isFinite(feature.of(parts) ?? 0), feature.name).toBe(true);
      }
      responseNgrams(text);
      expect(performance.now() - start).toBeLessThan(MOST_MS);
    }
  });

  test('whose answer stands among thousands of spaces is too', () => {
    const text = JSON.stringify({ reasoning: 'r', answer: `${' '.repeat(19_000)}x` });
    const parts = dissect(
      { task: 't', messages: [], parameters: {} },
      { stage: 0, model: 'm', answer: 'x', text, finishReason: null, logprobs: null },
    );
    const start = performance.now();
    for (let round = 0; round < 5; round++) for (const feature of FEATURES) feature.of(parts);
    expect(performance.now() - start).toBeLessThan(MOST_MS);
  });

  test('of more tokens than a call may have arguments has a least probable one', () => {
    const logprobs = Array.from({ length: 300_000 }, (_, at) => (at === 7 ? -3 : -0.1));
    const parts = dissect(
      { task: 't', messages: [], parameters: {} },
      { stage: 0, model: 'm', answer: 'x', text: 'x', finishReason: null, logprobs },
    );
    expect(FEATURES.find(({ name }) => name === 'logprob-lowest')?.of(parts)).toBe(-3);
  });
});
