import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Relearner } from '../core/relearning.ts';
import type { Ports } from './ports.ts';
import type { RelearnActivities } from './types.ts';

/** Does work that can be stopped, and heartbeats meanwhile. */
type Heartbeating = <T>(work: (signal: AbortSignal) => Promise<T>) => Promise<T>;

/** What learning a task anew does to the world. */
export function createRelearnActivities(ports: Ports, heartbeating: Heartbeating): RelearnActivities {
  return {
    async learnAnew(task) {
      const learned = await heartbeating((signal) => relearnerOf(ports).relearn(task, signal));
      const { decision, reason, proposalId } = learned;
      Context.current().log.info(`relearn: task ${task}, ${decision}: ${reason}`, { task, proposalId });
      return learned;
    },
    startProposedCanary: (proposalId) => heartbeating(() => relearnerOf(ports).startCanary(proposalId)),
  };
}

/** @throws {ApplicationFailure} where this worker has none; another may. */
function relearnerOf({ relearner, worker }: Ports): Relearner {
  if (relearner !== undefined) return relearner;
  throw ApplicationFailure.create({
    type: 'escalier.no-relearner',
    message: `worker ${worker} cannot learn: "escalier worker" and "escalier up" can, with the task's settings`,
  });
}
