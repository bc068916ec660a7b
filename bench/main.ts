/**
 * How fast cascades are, beside what people would write by hand and beside gateways: everything in one run on one machine,
 * so that the ratios hold where the figures do not.
 *
 *     npm run bench -- --help
 */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import pg from 'pg';
import { parseOptions, type BenchOptions, type Section } from './run/options.ts';
import { printed } from './run/print.ts';
import type { Profile } from './run/profiles.ts';
import type { Report } from './run/report.ts';
import { runCleanly, startVariant, type Variant, type VariantName } from './run/variants.ts';
import { withWorld, type World } from './run/world.ts';
import { measureColdStart } from './sections/cold-start.ts';
import { measureCommits } from './sections/commits.ts';
import { measureEvents } from './sections/events.ts';
import { measureLatency } from './sections/latency.ts';
import { measureLedgerScale } from './sections/ledger-scale.ts';
import { measureMemory } from './sections/memory.ts';
import { measureThroughput } from './sections/throughput.ts';
import { measureWaiting } from './sections/waiting.ts';

/** Sections whose figures are those of processes that have been at work for a while, as in production. */
const WARM: readonly Section[] = ['latency', 'throughput'];
const COMMIT_CASCADES = 20;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const options = parseOptions(process.argv.slice(2));
if (options !== null) await withWorld(say, (world) => bench(options, world));

async function bench(options: BenchOptions, world: World): Promise<void> {
  const loadBefore = loadavg()[0] ?? Number.NaN;
  const variants: Variant[] = [];
  const skipped: Partial<Record<VariantName, string>> = {};
  try {
    for (const name of options.variants) {
      say(`starting ${name}`);
      try {
        variants.push(await startVariant(name, world, say));
      } catch (error) {
        skipped[name] = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
        say(`skipped: ${name}: ${skipped[name]}`);
      }
    }
    const report: Report = { machine: await describeMachine(world, loadBefore), options, skipped };
    if (options.sections.some((section) => WARM.includes(section))) {
      say(`warming up: ${options.warmUp} cascades each`);
      await warmUp(variants, options);
    }
    for (const section of options.sections) {
      say(`measuring ${section}`);
      await measure(section, report, { options, world, variants });
      // What is measured is kept, whatever comes after it.
      await writeFile(options.out, `${JSON.stringify(report, null, 2)}\n`);
    }
    console.log(printed(report));
    say(`The results as JSON: ${options.out}`);
  } finally {
    await Promise.all(variants.map((variant) => variant.stop()));
  }
}

interface Run {
  readonly options: BenchOptions;
  readonly world: World;
  readonly variants: readonly Variant[];
}

async function measure(section: Section, report: Report, run: Run): Promise<void> {
  const { options, world, variants } = run;
  switch (section) {
    case 'latency': {
      const latency: Partial<Record<Profile, Awaited<ReturnType<typeof measureLatency>>>> = {};
      for (const profile of ['instant', 'slow'] as const) {
        latency[profile] = await measureLatency(variants, profile, options);
      }
      report.latency = latency;
      break;
    }
    case 'throughput':
      report.throughput = await measureThroughput(variants, 'instant', options);
      break;
    case 'events':
      report.events = await measureEvents(variants);
      break;
    case 'commits':
      report.commits = await measureCommits(variants, world.ledgerUrl, COMMIT_CASCADES);
      break;
    case 'memory':
      report.memory = await each(run, (variant) => measureMemory(variant, world.ledgerUrl, options));
      break;
    case 'waiting':
      report.waiting = await each(run, (variant) =>
        measureWaiting(variant, world, options.waiting, options.waitSeconds),
      );
      break;
    case 'ledger-scale':
      report.ledgerScale = await measureLedgerScale(world, options.seconds);
      break;
    case 'cold-start':
      report.coldStart = await measureColdStart(options.rounds);
      break;
  }
}

async function warmUp(variants: readonly Variant[], { warmUp: count, atOnce }: BenchOptions): Promise<void> {
  for (const variant of variants) {
    await runCleanly(variant, { kind: 'all', profile: 'instant', atOnce, count });
  }
}

/** For each of Escalier's ways to execute, with a plain client. */
async function each<Result>(
  { variants }: Run,
  measureOne: (variant: Variant) => Promise<Result>,
): Promise<Partial<Record<VariantName, Result>>> {
  const results: Partial<Record<VariantName, Result>> = {};
  for (const variant of variants) {
    if (variant.name !== 'durable-plain' && variant.name !== 'inline-plain') continue;
    results[variant.name] = await measureOne(variant);
  }
  return results;
}

async function describeMachine(world: World, loadBefore: number): Promise<Report['machine']> {
  const client = new pg.Client({ connectionString: world.ledgerUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string }>(
      `select current_setting('server_version') as version`,
    );
    return {
      at: new Date().toISOString(),
      cores: cpus().length,
      model: cpus()[0]?.model ?? 'unknown',
      node: process.versions.node,
      postgres: rows[0]?.version ?? 'unknown',
      loadBefore,
    };
  } finally {
    await client.end();
  }
}
