import { ANSWER_FORM } from './answer-form.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { EMBEDDING_FEATURES, JUDGE_FEATURES } from './bought.ts';
import type { Feature } from './feature.ts';
import { LOGPROBS } from './logprobs.ts';
import { QUERY } from './query.ts';
import { REASONING } from './reasoning.ts';
import { SHAPE } from './shape.ts';

/** Every feature of a response that costs nothing. Weights are kept by name, so the order may change, and a new one starts at nothing. */
export const FEATURES: readonly Feature[] = [
  ...SHAPE,
  ...ANSWER_FORM,
  ...REASONING,
  ...ARITHMETIC,
  ...QUERY,
  ...LOGPROBS,
];

/** Those, and what has to be bought of a judge and an embedder. */
export function featuresWith(bought: {
  readonly judge: boolean;
  readonly embedder: boolean;
}): readonly Feature[] {
  return [
    ...FEATURES,
    ...(bought.judge ? JUDGE_FEATURES : []),
    ...(bought.embedder ? EMBEDDING_FEATURES : []),
  ];
}
