import { share, type Feature } from './feature.ts';

/** How sure the model was of its tokens, where the provider sends log probabilities. Not at hand: says nothing. */
export const LOGPROBS: readonly Feature[] = [
  {
    name: 'logprob-mean',
    of: ({ logprobs }) => (logprobs === null ? null : share(sum(logprobs), logprobs.length)),
  },
  { name: 'logprob-lowest', of: ({ logprobs }) => lowest(logprobs) },
  {
    name: 'logprob-unsure-tokens',
    of: ({ logprobs }) =>
      logprobs === null
        ? null
        : share(logprobs.filter((value) => value < Math.log(0.5)).length, logprobs.length),
  },
  { name: 'logprob-last-tokens', of: ({ logprobs }) => lowest(logprobs?.slice(-12) ?? null) },
];

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** One token of probability zero must not outweigh everything. */
const FLOOR = -20;

function lowest(values: readonly number[] | null): number | null {
  if (values === null || values.length === 0) return null;
  // Not spread into Math.min: a long response has more tokens than a call may have arguments.
  return Math.max(
    FLOOR,
    values.reduce((least, value) => Math.min(least, value)),
  );
}
