import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { describe, expect, it } from 'vitest';
import type { Ended, QueryEnd } from '../ledger/end-query.ts';
import { end } from './end.ts';
import type { Ports, WorkflowState } from './ports.ts';
import type { EndInput } from './types.ts';

const INPUT: EndInput = {
  query: {
    queryId: 'query',
    startedAt: '2026-01-01T00:00:00Z',
    task: 'task',
    policyVersion: 1,
    retention: 'full',
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
  },
  outcome: 'cancelled',
  served: null,
  servedModel: null,
  failureMessage: 'the query was cancelled',
  judgements: [],
};

/** A ledger that gives its answers in turn, and a Temporal whose latest run is told; both complain when over-called. */
function worldOf(answers: Ended[], latest: WorkflowState | null) {
  const asked: Pick<QueryEnd, 'runId' | 'insteadOf'>[] = [];
  const looks: string[] = [];
  const ledger = {
    endQuery: ({ runId, insteadOf }: QueryEnd) => {
      asked.push({ runId, ...(insteadOf === undefined ? {} : { insteadOf }) });
      const answer = answers.shift();
      return answer === undefined ? Promise.reject(new Error('asked too often')) : Promise.resolve(answer);
    },
    attemptsOf: () => Promise.resolve([]),
  };
  const temporal = {
    workflowState: (workflowId: string) => {
      looks.push(workflowId);
      return Promise.resolve(latest);
    },
    resultOf: () => Promise.reject(new Error('no result is asked for')),
  };
  const ports = { ledger } as unknown as Ports;
  const environment = new MockActivityEnvironment(
    { workflowExecution: { workflowId: 'key', runId: 'mine' } },
    // Failures here are what is tested.
    { logger: new DefaultLogger('ERROR') },
  );
  return { asked, looks, run: () => environment.run(() => end(ports, temporal, INPUT)) };
}

describe('the end of a run', () => {
  it('ends its query without a look at Temporal', async () => {
    const world = worldOf([{ type: 'ended', attempts: [] }], null);
    expect(await world.run()).toEqual({ attempts: [] });
    expect(world).toMatchObject({ asked: [{ runId: 'mine' }], looks: [] });
  });

  it.each([
    ['another run of the key', { runId: 'later', status: 'running' } as const],
    ['no run at all', null],
  ])('changes nothing when Temporal has %s', async (_name, latest) => {
    const world = worldOf([{ type: 'left', runId: 'later' }], latest);
    await expect(world.run()).rejects.toMatchObject({
      type: 'escalier.superseded',
      nonRetryable: true,
      message: expect.stringContaining('run mine of key came too late') as string,
    });
    expect(world.asked).toEqual([{ runId: 'mine' }]);
  });

  it('takes the query over where Temporal says that it is the run that counts: one that was reset', async () => {
    const latest = { runId: 'mine', status: 'running' } as const;
    const world = worldOf(
      [
        { type: 'left', runId: 'earlier' },
        { type: 'ended', attempts: [] },
      ],
      latest,
    );
    await world.run();
    expect(world).toMatchObject({
      asked: [{ runId: 'mine' }, { runId: 'mine', insteadOf: 'earlier' }],
      looks: ['key'],
    });
  });

  it('is tried again when yet another run has come in between', async () => {
    const latest = { runId: 'mine', status: 'running' } as const;
    const world = worldOf(
      [
        { type: 'left', runId: 'earlier' },
        { type: 'left', runId: 'later' },
      ],
      latest,
    );
    await expect(world.run()).rejects.toThrow('the query went from run earlier to later');
  });
});
