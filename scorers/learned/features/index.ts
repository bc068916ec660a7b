import { ANSWER_FORM } from './answer-form.ts';
import { ARITHMETIC } from './arithmetic.ts';
import type { Feature } from './feature.ts';
import { LOGPROBS } from './logprobs.ts';
import { QUERY } from './query.ts';
import { REASONING } from './reasoning.ts';
import { SHAPE } from './shape.ts';

/** Every feature of a response. Weights are kept by name, so the order may change, and a new one starts at nothing. */
export const FEATURES: readonly Feature[] = [
  ...SHAPE,
  ...ANSWER_FORM,
  ...REASONING,
  ...ARITHMETIC,
  ...QUERY,
  ...LOGPROBS,
];
