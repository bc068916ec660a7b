import type pg from 'pg';
import { compareArms } from '../../core/canary-report.ts';
import { canaryRecord } from '../../ledger/canary.ts';
import { policyVersion } from '../../ledger/policies.ts';
import { endCanary } from '../../ledger/promotion.ts';
import { authorOf } from '../author.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { refusedChange } from '../policy-problem.ts';
import { canaryJson, showCanary } from '../serving/canary-text.ts';

export interface CanaryOptions {
  readonly task: string;
  /** Ends it: all new queries take it. */
  readonly finish?: boolean;
  /** Ends it: all new queries take the current policy. */
  readonly stop?: boolean;
  readonly reason?: string;
}

/** Shows a task's latest canary beside the version that was current, or ends it. */
export async function canaryCommand(context: Context, options: CanaryOptions): Promise<void> {
  const { task, finish = false, stop = false } = options;
  await withDatabase(context, async (pool) => {
    if (finish || stop) await end(context, pool, options, finish ? 'finish' : 'stop');
    else await show(context, pool, task);
  });
}

async function show(context: Context, pool: pg.Pool, task: string): Promise<void> {
  const record = await canaryRecord(pool, task);
  if (record === null) {
    throw new CliError(
      `task ${task} never had a canary: start one with "escalier promote FOLDER --canary 10%"`,
      EXIT.usage,
    );
  }
  const { queries, costCap, ...period } = record;
  const policy = await policyVersion(pool, task, period.canaryVersion);
  const shown = {
    ...period,
    certificate: policy.learned?.certificate ?? null,
    ...compareArms(queries, costCap),
  };
  context.out(context.json ? JSON.stringify(canaryJson(shown)) : showCanary(shown));
}

async function end(
  context: Context,
  pool: pg.Pool,
  options: CanaryOptions,
  how: 'finish' | 'stop',
): Promise<void> {
  const { task, version, before } = await endCanary(
    pool,
    options.task,
    how,
    authorOf(context, options.reason),
  ).catch(refusedChange);
  if (context.json) context.out(JSON.stringify({ task, version, before }));
  else if (how === 'finish')
    context.out(`Task ${task}: version ${version} is current for new queries (was ${before}).`);
  else context.out(`Task ${task}: the canary has ended; all new queries take version ${version}.`);
}
