import type { CascadeState, Served } from './cascade.ts';

/** What became of a response: see the glossary in `policy.ts`. */
export type Verdict = 'accepted' | 'corroborated' | 'rejected';

/**
 * The verdict on each response of an ended query, by attempt id: `accepted` for the served one, `corroborated` for later
 * ones that gave the same answer, `rejected` for the others. Empty where nothing was served: no verdict was reached.
 */
export function verdicts(state: CascadeState, served: Served | null): ReadonlyMap<string, Verdict> {
  if (served === null) return new Map();
  return new Map(
    state.responses.map((response) => [
      response.attemptId,
      response.attemptId === served.attemptId
        ? 'accepted'
        : served.answer !== null && response.answer === served.answer
          ? 'corroborated'
          : 'rejected',
    ]),
  );
}
