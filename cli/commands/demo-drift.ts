import type pg from 'pg';
import { anytimePValue } from '../../core/e-process.ts';
import { formatUsd } from '../../core/money.ts';
import { alarmText, levelOf } from '../../core/watch.ts';
import { alarmsOf } from '../../ledger/alarms.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import { qualityOf } from '../../ledger/quality.ts';
import { watchState } from '../../ledger/watch.ts';
import type { FaultPlanInput } from '../../replay/faults.ts';
import type { Context } from '../context.ts';
import { asRecorded } from '../demo/drift/as-recorded.ts';
import { auditsUntilAlarm, billsOf } from '../demo/drift/books.ts';
import { SMALLEST, TAG } from '../demo/drift/regions.ts';
import { BEFORE, DROP, LONGEST, scenarioOf, type Scenario } from '../demo/drift/scenario.ts';
import { createServing, type DriftServing, type ServedQuery } from '../demo/drift/serve.ts';
import { driftSet } from '../demo/drift/set.ts';
import {
  driftChecks,
  driftText,
  fallOf,
  regionOf,
  rightShare,
  type DriftResult,
} from '../demo/drift/show.ts';
import { startDemoServers, stayUp } from '../demo/servers.ts';
import { CliError, EXIT } from '../exit.ts';
import { percent } from '../output.ts';
import { showQuality } from '../quality/text.ts';

export interface DemoDriftOptions {
  readonly recorded?: string;
  readonly seed: number;
  readonly concurrency: number;
  /** Whether the servers stay up afterwards, for a look around. */
  readonly keep: boolean;
}

/** Queries between two sweeps. */
const ROUND = 200;
/** Queries after the alarm. */
const AFTER = 400;

const FIRST_VERSION = 1;

/**
 * A vendor's model gets silently worse for one kind of query, 5% of the traffic. The audits notice, the alarm names the kind, and the
 * baseline takes over: on the whole stack, with recorded responses in the place of vendors.
 */
export async function demoDriftCommand(context: Context, options: DemoDriftOptions): Promise<void> {
  const set = await driftSet(context, options.recorded);
  const scenario = scenarioOf(set, options.seed);
  introduce(context, scenario);
  const servers = await startDemoServers(context, {
    set,
    name: 'demo-drift',
    seed: options.seed,
    log: 'error',
  });
  const { worker, stack, replay } = servers;
  try {
    await applyPolicies(worker.pool, [scenario.policy]);
    const serving = createServing(context, {
      worker,
      scenario,
      asRecorded: await asRecorded(set, scenario.policy),
      concurrency: options.concurrency,
    });
    const startedAt = Date.now();
    const { task } = scenario.policy;
    let result: DriftResult;
    try {
      const story = await tell(context, worker.pool, serving, scenario, replay.url);
      const { serve, audit } = await billsOf(worker.pool, task);
      const meter = replay.meter.billed();
      result = { ...story, scenario, serve, audit, meter, seconds: (Date.now() - startedAt) / 1000 };
    } finally {
      await serving.close();
    }
    const checks = driftChecks(result);
    if (context.json) {
      context.out(JSON.stringify(driftJson(result, checks)));
    } else {
      const [quality] = await qualityOf(worker.pool, { task, days: 1 });
      context.out(`${driftText(result)}

The report: escalier quality --days 1

${quality === undefined ? '' : showQuality(quality)}

Checks (${result.seconds.toFixed(0)} s)
${checks.map(({ ok, text }) => `  ${ok ? 'ok' : 'NO'}  ${text}`).join('\n')}

Look around
  Temporal UI   ${stack.uiUrl ?? ''}/namespaces/default/workflows
  Postgres      ${stack.databaseUrl}
                select * from alarms; select * from policy_changes order by changed_at;`);
    }
    const failed = checks.filter(({ ok }) => !ok);
    if (failed.length > 0) {
      throw new CliError(
        `the demo's own checks failed: ${failed.map(({ text }) => text).join('; ')}`,
        EXIT.failure,
      );
    }
    if (options.keep) await stayUp(context, servers);
  } finally {
    await servers.stop();
  }
}

function introduce(context: Context, { policy, claim, stated }: Scenario): void {
  const [first, last] = policy.chain;
  const shares = Object.entries(claim.audit.slices ?? {}).map(
    ([slice, share]) => `${percent(share)} of ${slice}`,
  );
  context.say(`Task ${policy.task}: ${first?.model ?? ''} answers, and ${last?.model ?? ''} where the answer has not the right form.
Audits hold ${percent(claim.audit.share)} of the answers against ${last?.model ?? ''}'s, ${shares.join(', ')}: as many of each region.
The alarm: more than ${percent(claim.alpha)} of a region's answers differ. Then the baseline serves alone (on_suspect: baseline).
Stated: within ${stated.most} audits of the region, in 95% of ${stated.streams} simulated streams.
`);
}

/** The stream, until some time after the alarm. */
async function tell(
  context: Context,
  pool: pg.Pool,
  serving: DriftServing,
  scenario: Scenario,
  vendorUrl: string,
): Promise<Pick<DriftResult, 'before' | 'changed' | 'after' | 'alarm' | 'audits'>> {
  const { task, chain } = scenario.policy;
  const before: ServedQuery[] = [];
  const changed: ServedQuery[] = [];
  const round = async (served: ServedQuery[]): Promise<void> => {
    served.push(...(await serving.serve(ROUND)));
    await serving.sweep();
    context.say(await roundText(pool, task, [...before, ...changed], served));
  };
  const firstAlarm = async () => (await alarmsOf(pool, task)).at(-1) ?? null;
  while (before.length < BEFORE) await round(before);
  const changedAt = new Date();
  await setFaults(vendorUrl, scenario.faults);
  context.say(
    `\nFrom here on ${chain[0]?.model ?? ''} answers ${100 * DROP}% of the queries of ${TAG}=${SMALLEST} wrong that it had right. Nothing in a response shows it.\n`,
  );
  let alarm = await firstAlarm();
  while (alarm === null && changed.length < LONGEST) {
    await round(changed);
    alarm = await firstAlarm();
  }
  context.say(
    alarm === null
      ? '\nNo alarm.\n'
      : `\nALARM: ${alarmText(alarm)}.\nThe worker has logged it, and put the baseline into service. The next ${AFTER} queries …`,
  );
  const after = await serving.serve(AFTER);
  await serving.finishAudits();
  return { before, changed, after, alarm, audits: await auditsUntilAlarm(pool, task, SMALLEST, changedAt) };
}

/** What somebody would see: the average on a dashboard, and the evidence of the watch. */
async function roundText(
  pool: pg.Pool,
  task: string,
  all: readonly ServedQuery[],
  phase: readonly ServedQuery[],
): Promise<string> {
  const state = (await watchState(pool, task, FIRST_VERSION))[`${TAG}=${SMALLEST}`];
  const watched =
    state === undefined
      ? 'no audits yet'
      : `${state.evidence.observed} audits, p = ${anytimePValue(state.evidence).toPrecision(2)} (alarm at ${levelOf(state.place).toPrecision(2)})`;
  const islands = regionOf(phase, SMALLEST);
  return `${String(all.length).padStart(6)} queries · all ${percent(rightShare(phase, 'right'))} right · ${SMALLEST} ${percent(rightShare(islands, 'right'))} right, ${watched}`;
}

async function setFaults(vendorUrl: string, faults: FaultPlanInput): Promise<void> {
  const response = await fetch(new URL('/faults', vendorUrl), {
    method: 'PUT',
    body: JSON.stringify(faults),
  });
  if (!response.ok) throw new Error(await response.text());
}

function driftJson(result: DriftResult, checks: ReturnType<typeof driftChecks>): object {
  const { scenario, before, changed, after, alarm, audits, serve, audit, meter, seconds } = result;
  const usd = (cost: bigint | null): string | null => (cost === null ? null : formatUsd(cost));
  return {
    task: scenario.policy.task,
    chain: scenario.policy.chain.map(({ model }) => model),
    queries: { before: before.length, changed: changed.length, after: after.length },
    fell_by_points: { all: fallOf(changed), [SMALLEST]: fallOf(regionOf(changed, SMALLEST)) },
    alarm,
    audits,
    stated: scenario.stated,
    serving: { requests: serve.requests, cost_usd: usd(serve.cost) },
    audits_bill: { requests: audit.requests, cost_usd: usd(audit.cost) },
    meter_usd: formatUsd(meter),
    seconds,
    checks,
  };
}
