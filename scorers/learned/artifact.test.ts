import { describe, expect, test } from 'vitest';
import { fromArtifact, toArtifact, type LearnedModel } from './artifact.ts';
import { FEATURES } from './features/index.ts';
import { NGRAM_BITS } from './ngrams.ts';
import { BASIS } from './own-score.ts';
import { layoutOf } from './posterior.ts';
import { learnedScore } from './score.ts';

const features = FEATURES.slice(0, 3);
const numbers = (length: number, from = 0) =>
  Float64Array.from({ length }, (_, at) => Math.fround(Math.sin(at + from)));
const model: LearnedModel = {
  models: ['small', 'large'],
  features,
  own: {
    intercepts: numbers(2),
    means: [numbers(3, 1), numbers(3, 2)],
    deviations: numbers(3, 5).map(Math.abs),
    weights: numbers(3 * BASIS, 7),
    ngrams: numbers(2 ** NGRAM_BITS, 11),
  },
  posterior: { models: 2, exclusive: true, parameters: numbers(layoutOf(2).size, 13) },
  openEnded: false,
  evidence: null,
  logprobs: [],
};
const artifact = toArtifact('sums', model);

const EVIDENCE = { judge: { model: 'j', prompt: '{response}' } };

describe('an artifact with evidence', () => {
  const bought = toArtifact('sums', { ...model, evidence: EVIDENCE });

  test('is of another version, and gives back whom to ask and what', () => {
    expect(bought).toEqual({ ...artifact, formatVersion: 3, evidence: EVIDENCE });
    expect(fromArtifact(bought)).toEqual({ ...model, evidence: EVIDENCE });
  });

  test('is scored with the models that it was learned with, or with none', () => {
    expect(() => learnedScore(bought, { judge: 'other' })).toThrow('with the judge j, not with other');
    expect(() => learnedScore(bought, { judge: 'j', embedder: 'e' })).toThrow('with no embedder, not with e');
    expect(() => learnedScore(artifact, { judge: 'j' })).toThrow('with no judge, not with j');
    expect(() => learnedScore(bought, { judge: 'j' })).not.toThrow();
    expect(() => learnedScore(bought)).not.toThrow();
  });
});

describe('an artifact', () => {
  test('gives back what was put in, in single precision', () => {
    expect(fromArtifact(artifact)).toEqual(model);
    const posterior = { ...model.posterior, exclusive: false };
    const other = { ...model, openEnded: true, posterior, logprobs: ['large'] };
    expect(fromArtifact(toArtifact('letters', other))).toEqual(other);
    expect(toArtifact('sums', fromArtifact(JSON.parse(JSON.stringify(artifact))))).toEqual(artifact);
  });

  test.each<[object, string]>([
    [{ formatVersion: 1 }, 'formatVersion'],
    [{ ngramBits: NGRAM_BITS + 1 }, 'ngramBits'],
    [{ features: ['text-length', 'mood', 'lines'] }, 'learned with the feature "mood", which is not there'],
    [{ posterior: '' }, `its posterior are 0 numbers instead of ${layoutOf(2).size}`],
    [
      { own: { ...artifact.own, weights: artifact.own.intercepts } },
      'its weights are 2 numbers instead of 9',
    ],
    [{ own: { ...artifact.own, means: '?' } }, 'means'],
    [{ models: [] }, 'models'],
    [{ extra: 1 }, 'extra'],
  ])('with %j is refused by name', (change, message) => {
    expect(() => learnedScore({ ...artifact, ...change })).toThrow(message);
  });
});

describe('the learned scorer', () => {
  const query = { task: 'sums', messages: [{ role: 'user', content: '1 + 1?' }], parameters: {} };
  const context = {
    signal: new AbortController().signal,
    ask: () => Promise.reject(new Error('asked')),
    embed: () => Promise.reject(new Error('asked')),
  };
  const response = (name: string, answer: string | null, stage = 0) => ({
    ...{ stage, model: name, answer, text: `It is ${answer ?? 'unknown'}.` },
    ...{ finishReason: 'stop', logprobs: null },
  });
  const score = learnedScore(artifact);

  test('scores each candidate once, and none where there is none', async () => {
    const scores = await score(query, [response('small', '2'), response('large', '2', 1)], context);
    expect(scores.map(({ answer }) => answer)).toEqual(['2']);
    const two = await score(query, [response('small', '2'), response('large', '3', 1)], context);
    expect(two.map(({ answer }) => answer)).toEqual(['2', '3']);
    expect(two.reduce((sum, { confidence }) => sum + confidence, 0)).toBeLessThanOrEqual(1);
    expect(await score(query, [response('small', null)], context)).toEqual([]);
  });

  test('refuses a model that it was not learned for', () => {
    expect(() => score(query, [response('huge', '2')], context)).toThrow(
      'it was not learned for the model "huge": it knows small, large',
    );
  });
});
