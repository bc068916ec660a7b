import { describe, expect, it } from 'vitest';
import type { EmbedQuestion, JudgeQuestion, ScoredResponse, ScoringContext } from '../scorer.ts';
import {
  embeddedQuery,
  embeddedText,
  embeddingOf,
  QUERY_COORDINATES,
  RESPONSE_COORDINATES,
} from './evidence.ts';
import { gatherEvidence } from './gather.ts';

const QUERY = { task: 't', messages: [{ role: 'user', content: '2 + 2?' }], parameters: {} };
const SOURCE = {
  judge: { model: 'j', prompt: '{question} {response}' },
  embedder: { model: 'e', dimensions: 2 },
};
const response = (stage: number, answer: string | null): ScoredResponse => ({
  ...{ stage, model: `m${stage}`, answer, text: `It is ${answer ?? 'hard'}.` },
  ...{ finishReason: 'stop', logprobs: null },
});

function contextOf(own: Partial<ScoringContext> = {}) {
  const asked: JudgeQuestion[] = [];
  const embedded: EmbedQuestion[] = [];
  const context: ScoringContext = {
    signal: new AbortController().signal,
    ask(question) {
      asked.push(question);
      return Promise.resolve({ text: question.stage === 0 ? 'Grade: 9' : 'Well.', logprobs: null });
    },
    embed(question) {
      embedded.push(question);
      return Promise.resolve(question.texts.map(() => Float64Array.of(3, 4)));
    },
    ...own,
  };
  return { asked, embedded, context };
}

describe('gathering evidence', () => {
  it('asks about each response by its stage; the query is embedded with the first', async () => {
    const { asked, embedded, context } = contextOf();
    const evidence = await gatherEvidence(
      SOURCE,
      QUERY,
      [response(0, '4'), response(2, '5'), response(3, null)],
      context,
    );
    expect(asked.map(({ stage, ordinal, model, mayFail }) => [stage, ordinal, model, mayFail])).toEqual([
      [0, 0, 'j', true],
      [2, 0, 'j', true],
    ]);
    expect(JSON.stringify(asked[0]?.messages)).toContain('It is 4.');
    expect(embedded.map(({ stage, texts }) => [stage, texts])).toEqual([
      [0, ['2 + 2?', 'It is 4.']],
      [2, ['It is 5.']],
      [3, ['It is hard.']],
    ]);
    expect(evidence.map(({ grade }) => grade)).toEqual([0.9, null, null]);
    for (const { embedding } of evidence) expect(embedding?.cosine).toBeCloseTo(1, 12);
  });

  it('does without what cannot be had', async () => {
    const { context } = contextOf({
      ask: () => Promise.resolve({ text: '', logprobs: null }),
      embed: () => Promise.resolve(null),
    });
    const evidence = await gatherEvidence(SOURCE, QUERY, [response(0, '4')], context);
    expect(evidence).toEqual([{ grade: null, embedding: null }]);
  });

  it('waits for what is under way before it lets a failure pass', async () => {
    let arrived = false;
    const { context } = contextOf({
      ask: () => Promise.reject(new Error('the judge is away')),
      embed: async () => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        arrived = true;
        return null;
      },
    });
    await expect(gatherEvidence(SOURCE, QUERY, [response(0, '4')], context)).rejects.toThrow(
      'the judge is away',
    );
    expect(arrived).toBe(true);
  });

  it('refuses vectors of another length than it was learned with', async () => {
    const { context } = contextOf({ embed: () => Promise.resolve([Float64Array.of(1, 2, 3)]) });
    await expect(gatherEvidence(SOURCE, QUERY, [response(0, '4')], context)).rejects.toThrow(
      /gave 3 numbers, and it was learned with 2/,
    );
  });
});

describe('an embedding, reduced', () => {
  const vector = (seed: number) =>
    Float64Array.from({ length: 400 }, (_, at) => Math.sin(seed * (at + 1) ** 1.5));

  it('keeps angles, whatever the length', () => {
    const [a, b] = [vector(1), vector(2)];
    const { cosine, response: own, query } = embeddingOf(a, b);
    expect(own).toHaveLength(RESPONSE_COORDINATES);
    expect(query).toHaveLength(QUERY_COORDINATES);
    expect(
      embeddingOf(
        a,
        b.map((value) => 5 * value),
      ).cosine,
    ).toBeCloseTo(cosine!, 12);
    // Of unit vectors: the projection keeps the length of 1 up to noise of order 1/√48.
    const length = Math.hypot(...own);
    expect(length).toBeGreaterThan(0.7);
    expect(length).toBeLessThan(1.3);
  });

  it('is of a text’s beginning and end, and of no query without text', () => {
    expect(embeddedText('short')).toBe('short');
    const cut = embeddedText(`a${'b'.repeat(20_000)}c`);
    expect(cut.length).toBeLessThan(8_100);
    expect(cut.startsWith('ab') && cut.endsWith('bc')).toBe(true);
    expect(embeddedQuery([{ role: 'user', content: [{ type: 'image_url' }] }])).toBeNull();
  });
});
