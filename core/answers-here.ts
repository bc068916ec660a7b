import type { CascadeAnswer } from './result.ts';

/**
 * Hands answers from a worker to callers in its own process. Once the ledger has the end of a query, its answer is what the key
 * stands for, whatever becomes of the workflow, which only has to write it down: a caller in the same process need not
 * wait for that, nor for Temporal's word of it.
 */
export class AnswersHere {
  private readonly waiting = new Map<string, Set<(answer: CascadeAnswer | null) => void>>();

  /**
   * Waits for the answer of a query that this process may climb. To be called before the query is started.
   * @returns `answer`: null where it is left to the workflow. It may never come, where another process takes the
   *   query: `forget` ends the wait.
   */
  expect(workflowId: string): {
    readonly answer: Promise<CascadeAnswer | null>;
    readonly forget: () => void;
  } {
    let take: (answer: CascadeAnswer | null) => void = () => undefined;
    const answer = new Promise<CascadeAnswer | null>((resolve) => {
      take = resolve;
    });
    const others = this.waiting.get(workflowId) ?? new Set();
    this.waiting.set(workflowId, others.add(take));
    return {
      answer,
      forget: () => {
        others.delete(take);
        if (others.size === 0 && this.waiting.get(workflowId) === others) this.waiting.delete(workflowId);
        take(null);
      },
    };
  }

  /** Tells whoever waits. @param answer that the ledger has; null where the workflow is to give it. */
  give(workflowId: string, answer: CascadeAnswer | null): void {
    const takers = this.waiting.get(workflowId);
    if (takers === undefined) return;
    this.waiting.delete(workflowId);
    // A copy each: the activity's own is still to be written to the history.
    for (const take of takers) take(structuredClone(answer));
  }
}
