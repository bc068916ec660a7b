import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  defineUpdate,
  isCancellation,
  proxyLocalActivities,
  setHandler,
} from '@temporalio/workflow';
import type { ReviewActivities, ReviewClosed } from '../activities/types.ts';
import type { CascadeState, Finish } from '../core/cascade.ts';
import type { Plan } from '../core/policy.ts';
import type { Review } from '../core/feedback.ts';
import { afterReview, reviewWait, withReviewStage } from '../core/review.ts';
import { CANCEL_HEARD } from '../core/result.ts';
import { refTo } from '../core/stage-work.ts';
import { LEDGER_TIMEOUT } from './activities.ts';
import type { Climb } from './climb.ts';
import { withQuery } from './pin.ts';

/** Gives a person's word to a query that waits for it. */
const reviewUpdate = defineUpdate<{ readonly queryId: string }, [Review]>('review');

const { askReview, checkReview, closeReview } = proxyLocalActivities<ReviewActivities>({
  startToCloseTimeout: LEDGER_TIMEOUT,
  retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '30 seconds' },
  localRetryThreshold: '10 seconds',
});

const CANCELLED: Finish = { type: 'finish', outcome: 'cancelled', served: null };

/** How a climb ends, and by which plan: a person is a stage of it. */
interface Reviewed {
  readonly plan: Plan;
  readonly state: CascadeState;
  readonly finish: Finish;
}

/**
 * Where the task has a person as its last resort, and the models were not sure enough: asks, and waits for the update
 * `review`. The wait is Temporal's, so it survives every restart. Without a word in time the best answer so far stays.
 */
export async function review(
  plan: Plan,
  state: CascadeState,
  finish: Finish,
  climb: Climb,
): Promise<Reviewed> {
  const waitMs = reviewWait(plan, finish, climb.progress());
  if (waitMs === null) return { plan, state, finish };
  const place = { query: refTo(plan), stage: plan.stages.length };
  const asked = await CancellationScope.nonCancellable(() =>
    withQuery(climb.request, plan, () =>
      askReview.executeWithOptions({ summary: 'ask for a review' }, [place, waitMs]),
    ),
  ).catch((error: unknown) => whenCancelled(error, climb));
  if (asked === 'cancelled') return { plan, state, finish: CANCELLED };
  if (asked === null) return { plan, state, finish };
  const { attemptId } = asked;
  const reviewed = withReviewStage(plan);
  const began = Date.now();
  const command = { type: 'call', stage: place.stage, timeLeftMs: waitMs } as const;
  climb.show(reviewed, state, command);
  const end = asked.said === null ? await wordOf(plan, finish, waitMs, climb) : null;
  const said =
    end === null
      ? asked.said
      : await CancellationScope.nonCancellable(() =>
          closeReview.executeWithOptions({ summary: `review · ${end.type}` }, [
            {
              ...place,
              attemptId,
              judgedAttemptId: finish.served?.attemptId ?? null,
              end,
              waitedMs: Date.now() - began,
            },
          ]),
        );
  if (end?.type === 'cancelled') return { plan: reviewed, state, finish: CANCELLED };
  if (said === null) {
    climb.note(place.stage, { failure: 'nobody reviewed it in time' });
    return { plan: reviewed, state, finish };
  }
  if (said.message !== null) {
    climb.note(place.stage, { message: said.message, finishReason: 'stop', answer: said.answer });
  }
  const response = said.message === null ? null : { stage: place.stage, attemptId, answer: said.answer };
  return { plan: reviewed, ...afterReview(state, finish, response) };
}

/** The ledger may tell of a cancel before Temporal does. */
async function whenCancelled(error: unknown, climb: Climb): Promise<'cancelled'> {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (!(cause instanceof ApplicationFailure) || cause.type !== CANCEL_HEARD) throw error;
  await climb.cancelled();
  return 'cancelled';
}

/** Waits for a person's word, the end of the wait or a cancel. */
async function wordOf(
  plan: Plan,
  { served }: Finish,
  waitMs: number,
  climb: Climb,
): Promise<ReviewClosed['end']> {
  let word: Review | null = null;
  let over = false;
  const refuse = (why: string): never => {
    throw ApplicationFailure.nonRetryable(why, 'escalier.bad-request');
  };
  const requireOpen = (): void => {
    if (over || word !== null) refuse('the query does not wait for a review any more');
  };
  const validator: (given: Review) => void = requireOpen;
  setHandler(
    reviewUpdate,
    async (given) => {
      const checked = await checkReview(given);
      if (served === null && checked.answer === undefined) refuse('there is no answer to judge: give one');
      requireOpen();
      word = checked;
      return { queryId: plan.queryId };
    },
    { validator },
  );
  const end = await climb.scope
    .run(() => condition(() => word !== null, waitMs))
    .then(
      () => (word === null ? ({ type: 'timeout' } as const) : ({ type: 'reviewed', review: word } as const)),
      (error: unknown) => {
        if (!isCancellation(error)) throw error;
        return { type: 'cancelled' } as const;
      },
    );
  over = true;
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  return end;
}
