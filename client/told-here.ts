import type { AnswersHere } from '../core/answers-here.ts';
import type { CascadeAnswer } from '../core/result.ts';

/** An answer that took longer has other things to wait for than Temporal's word of it, and another process may have the query. */
const PATIENCE_MS = 1_000;

export interface ToldHere {
  /** Null where the answer is to be waited for elsewhere. */
  readonly answer: Promise<CascadeAnswer | null>;
  /** For a query that is not this worker's. */
  readonly forget: () => void;
}

/** Listens for the answer of a query that is about to be started on the worker of this process. */
export function listenHere(answers: AnswersHere, workflowId: string): ToldHere {
  const { answer, forget } = answers.expect(workflowId);
  const timer = setTimeout(forget, PATIENCE_MS);
  return {
    answer: answer.finally(() => {
      clearTimeout(timer);
    }),
    forget,
  };
}
