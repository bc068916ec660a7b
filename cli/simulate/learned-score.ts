import type { LearnedScore } from './policy-file.ts';

/** @throws {Error} always: this version has no learned scorers. */
export const learnedScore: LearnedScore = () => {
  throw new Error('this version cannot run learned scorers: use a policy with a registered scorer');
};
