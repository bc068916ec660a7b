import { expect, test } from 'vitest';
import { chainOf, policyOf } from '../test/support/policies.ts';
import { expiryReasons, type CertifiedPolicy, type Sighting } from './certificate-state.ts';
import { fallbackOf } from './fallback.ts';

const DAY_MS = 24 * 3_600_000;
const first = policyOf('task');
const reported = (value: string, firstSeenMs: number): Sighting => ({
  kind: 'reported-model',
  subject: 'small',
  value,
  firstSeenMs,
});

test.each<[string, Partial<CertifiedPolicy>, string[]]>([
  ['nothing changed', { sightings: [reported('small-05', 1), reported('small-06', 1)] }, []],
  [
    'a model’s id and parameters',
    {
      policy: {
        ...first,
        chain: chainOf(undefined, { modelId: 'other', parameters: { seed: 1 } })
          .slice(0, 1)
          .concat(first.chain.slice(1)),
      },
    },
    ['small was vendor/small, and is vendor/other', 'the parameters of small changed'],
  ],
  [
    'the chain',
    { policy: { ...first, chain: chainOf(['small', 'large']) } },
    ['the chain was small → medium → large, and is small → large'],
  ],
  [
    'scorer and extractor',
    { policy: { ...first, answer: { from: 'open' }, scorer: { ...first.scorer, name: 'constant' } } },
    ['the scorer changed', 'the extractor changed'],
  ],
  [
    'the snapshot that a provider reports',
    { sightings: [reported('small-05', 1), reported('small-06', 2)] },
    ["the provider's small was small-05, and is small-06"],
  ],
  [
    'the prompt template',
    {
      sightings: ['a', 'b'].map((value, at) => ({
        kind: 'prompt-template',
        subject: '',
        value,
        firstSeenMs: at,
      })),
    },
    ['the prompt template was a, and is b'],
  ],
  [
    'its age',
    {
      ageMs: 91 * DAY_MS,
      policy: {
        ...first,
        watch: {
          maxLoss: null,
          judge: 'labels',
          labelWaitMs: 0,
          onSuspect: 'keep',
          certificateMaxAgeMs: 90 * DAY_MS,
        },
      },
    },
    ['it is older than certificate_max_age (90 days)'],
  ],
])('a certificate expires by what it is about: %s', (_, change, reasons) => {
  expect(expiryReasons({ policy: first, first, ageMs: 0, sightings: [], ...change })).toEqual(reasons);
});

test('after an alarm the last stage serves alone, with the task’s own limits', () => {
  const limits = { maxCostUsd: '1', deadlineMs: 5000 };
  expect(fallbackOf({ ...first, limits, audit: { share: 1 }, review: { timeoutMs: 1 } }, 3)).toEqual({
    ...first,
    limits,
    chain: chainOf(['large']),
    thresholds: [0],
    scorer: { name: 'agreement', options: { prior: 1 }, models: [], remote: false, scoresLastStage: false },
    fallbackFor: 3,
  });
});
