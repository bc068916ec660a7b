import { activityInfo } from '@temporalio/activity';
import { queryLost, superseded } from './failures.ts';
import type { Ports, WorkflowStates } from './ports.ts';
import type { EndInput, EndResult } from './types.ts';

/**
 * Ends the query in the ledger, unless another run works on it by now: the end of a run that was terminated, or reset, may
 * come late. The ledger knows the latest run that planned or asked for a request. A run that does neither before its end
 * (a reset to behind its last call) is unknown there; whether it is the one that counts, Temporal says.
 * @throws {ApplicationFailure} `escalier.superseded` in a run that is no longer its key's: nothing is changed.
 */
export async function end(ports: Ports, temporal: WorkflowStates, input: EndInput): Promise<EndResult> {
  const execution = activityInfo().workflowExecution;
  if (execution === undefined) throw new Error('a query is ended from its workflow');
  const { workflowId, runId } = execution;
  const how = { ...input, ...input.query, runId };
  const ended = await ports.ledger.endQuery(how);
  if (ended.type === 'ended') return { attempts: ended.attempts };
  if (ended.type === 'lost') throw queryLost(input.query);
  const latest = await temporal.workflowState(workflowId);
  if (latest?.runId !== runId) {
    throw superseded(
      `run ${runId} of ${workflowId} came too late to end its query, which run ${ended.runId} works on: nothing was changed`,
    );
  }
  const taken = await ports.ledger.endQuery({ ...how, insteadOf: ended.runId });
  if (taken.type === 'ended') return { attempts: taken.attempts };
  if (taken.type === 'lost') throw queryLost(input.query);
  // Yet another run has come in between: the next try of this activity looks again.
  throw new Error(`the query went from run ${ended.runId} to ${taken.runId}`);
}
