import { begin } from '../core/cascade.ts';
import type { CascadeRequest } from '../core/request.ts';
import type { CascadeAnswer } from '../core/result.ts';
import { end } from './end.ts';
import { perform } from './perform.ts';
import { pin } from './pin.ts';
import { Climb } from './climb.ts';
import { review } from './review.ts';

/**
 * An LLM cascade (FrugalGPT; Chen, Zaharia, Zou 2023): ask the cheapest model, score what it says, serve the first answer
 * that clears the task's threshold, else ask the next dearer model.
 *
 * What to do next is decided by the pure state machine in `core/cascade.ts`; here its commands become activities, and what
 * comes of them its events. The plan (chain, thresholds, scorer, prices, limits) is pinned by the first activity: a policy
 * that changes meanwhile reaches new queries only. A task may have a person as its last resort.
 */
export async function cascade(request: CascadeRequest): Promise<CascadeAnswer> {
  const climb = new Climb(request);
  const pinned = await pin(climb);
  if (pinned.type === 'finished') return pinned.answer;
  const { plan } = pinned;
  let { state, command } = begin(plan, climb.progress());
  while (command.type !== 'finish') {
    const outcome = climb.scored(command) ?? climb.next() ?? (await perform(plan, state, command, climb));
    ({ state, command } = climb.decide(plan, state, outcome));
  }
  const finish = command;
  const last = climb.ended === null ? await review(plan, state, finish, climb) : { plan, state, finish };
  return end(last.plan, last.state, last.finish, climb);
}
