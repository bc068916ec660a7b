import { displaySpend } from '../../core/spend.ts';
import { Escalier, type CascadeAnswer } from '../../client/index.ts';
import { formatUsd } from '../../core/money.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import type { Context } from '../context.ts';
import { differences, ledgerTotal, simulateAll } from '../demo/check.ts';
import { chooseChain, demoPolicy } from '../demo/policy.ts';
import { chooseRecordedSet } from '../demo/recorded-folder.ts';
import { startDemoServers, stayUp } from '../demo/servers.ts';
import { showDemo, type DemoResult } from '../demo/show.ts';
import { CliError, EXIT } from '../exit.ts';
import type { HostedWorker } from '../host-worker.ts';
import { labelServed } from '../label.ts';
import { progress } from '../output.ts';
import { runBatch } from '../run-batch.ts';

export interface DemoOptions {
  readonly recorded?: string;
  readonly queries: number;
  readonly concurrency: number;
  readonly chain?: readonly string[];
  /** Whether the servers stay up afterwards, for a look around. */
  readonly keep: boolean;
}

/**
 * The whole stack on one machine: real Temporal, real Postgres, a worker, and recorded responses in the place of the
 * vendors. It checks itself: the served answers against the simulator's, the ledger against the vendor's meter.
 */
export async function demoCommand(context: Context, options: DemoOptions): Promise<void> {
  const chosen = chooseRecordedSet(options.recorded);
  const set = await readRecordedSet(chosen.folder);
  const chain = options.chain ?? chooseChain(set);
  const policy = demoPolicy(set, chain);
  const queries = demoQueries(set, options.queries);
  context.say(
    chosen.synthetic
      ? `Recorded set: the synthetic one that ships with the project. Its models and their answers are made up.`
      : `Recorded set: real responses of real models, from ${chosen.folder}`,
  );
  context.say(`Task ${policy.task}: ${queries.length} queries up the chain ${chain.join(' → ')}\n`);

  const servers = await startDemoServers(context, { set, name: 'demo' });
  const { replay, stack, worker } = servers;
  try {
    await applyPolicies(worker.pool, [policy]);
    const startedAt = Date.now();
    const answers = await serve(context, worker, set, queries, options.concurrency);
    const seconds = (Date.now() - startedAt) / 1000;
    const predicted = await simulateAll(set, policy, queries);
    const result: DemoResult = {
      ...stack,
      set,
      policy,
      queries,
      answers,
      predicted,
      seconds,
      differences: predicted.flatMap((query) => differences(answers.get(query.id), query)),
      ledger: await ledgerTotal(worker.pool, policy.task),
      meter: replay.meter.billed(),
      requests: replay.meter.entries().length,
    };
    await showDemo(context, worker.pool, result);
    if (result.differences.length > 0 || result.ledger !== result.meter) {
      throw new CliError(
        `the demo's own checks failed: ${result.differences.slice(0, 5).join('; ') || `ledger ${result.ledger === null ? 'unknown' : formatUsd(result.ledger)}, meter ${formatUsd(result.meter)}`}`,
        EXIT.failure,
      );
    }
    if (options.keep) await stayUp(context, servers);
  } finally {
    await servers.stop();
  }
}

/** Held-out queries first: what the chain was chosen on flatters it. */
function demoQueries(set: RecordedSet, count: number): RecordedQuery[] {
  const test = set.queries.filter(({ split }) => split === 'test');
  const rest = set.queries.filter(({ split }) => split !== 'test');
  return [...test, ...rest].slice(0, count);
}

async function serve(
  context: Context,
  worker: HostedWorker,
  set: RecordedSet,
  queries: readonly RecordedQuery[],
  concurrency: number,
): Promise<Map<string, CascadeAnswer>> {
  const payloadKey = context.env['ESCALIER_PAYLOAD_KEY'];
  const client = new Escalier({ worker: worker.worker, ...(payloadKey ? { payloadKey } : {}) });
  const answers = new Map<string, CascadeAnswer>();
  const bar = progress(context, queries.length, 'Queries');
  try {
    const items = queries.map((query) => ({
      query,
      key: `demo/${query.id}`,
      request: { task: query.task, messages: query.messages },
    }));
    await runBatch(client, items, {
      concurrency,
      signal: context.signal,
      async onResult({ item, answer, error }, spent, done) {
        if (answer === undefined) throw error;
        answers.set(item.query.id, answer);
        const label = set.responses.get(answer.model)?.get(item.query.id)?.correct;
        if (label !== undefined) await labelServed(worker.pool, answer, label === 1, 'recorded-set');
        bar.update(done, displaySpend(spent));
      },
    });
  } finally {
    bar.stop();
    await client.close();
  }
  if (context.signal.aborted) throw new CliError('Interrupted.', EXIT.interrupted);
  return answers;
}
