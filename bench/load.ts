/**
 * A load that a person can watch: so many cascades begin each second, however long they take, on servers of this run's own
 * and with models that are an upstream of its own. Prints the distribution of latencies and draws it.
 *
 *     npm run load -- --rate 20 --for 60s
 */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { barsOf, percentilesOf } from './load/distribution.ts';
import { loadPage } from './load/page.ts';
import { cpuBetween, cpuOf, residentBytes } from './run/cpu.ts';
import { PROFILES, type Profile } from './run/profiles.ts';
import { startVariant, TITLES, VARIANTS, type Variant, type VariantName } from './run/variants.ts';
import { withWorld } from './run/world.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '20' },
    for: { type: 'string', default: '60s' },
    models: { type: 'string', default: 'slow' },
    variant: { type: 'string', default: 'durable-plain' },
    out: { type: 'string', default: 'load.html' },
  },
});
const rate = positive('rate', values.rate);
const seconds = secondsOf(values.for);
const profile = oneOf('models', values.models, Object.keys(PROFILES) as Profile[]);
const variantName = oneOf<VariantName>('variant', values.variant, VARIANTS);

/** Cascades before anything is measured. */
const WARM_UP = 20;

const say = (line: string): void => {
  process.stderr.write(`${line}\n`);
};
await withWorld(say, async (world) => {
  const variant = await startVariant(variantName, world, say);
  try {
    await load(variant);
  } finally {
    await variant.stop();
  }
});

async function load(variant: Variant): Promise<void> {
  await variant.child.run({ kind: 'all', profile, atOnce: 4, count: WARM_UP });
  say(`${rate} cascades a second for ${seconds} s: ${TITLES[variantName]}, ${PROFILES[profile].title}`);
  const before = await cpuOf(variant.processes);
  const done = await variant.child.run({ kind: 'open', profile, rate, seconds });
  const used = cpuBetween(before, await cpuOf(variant.processes));
  const count = done.latenciesMs.length;
  const failed = Object.entries(done.failures).map(([message, times]) => `${times} × ${message}`);
  const lasted = Math.max(...done.endedAtMs, seconds * 1_000) / 1_000;
  const cpu = Object.entries(used).map(([role, cpuSeconds]) => {
    return `${role} ${((cpuSeconds * 1_000) / count).toFixed(1)}`;
  });
  const megabytes = (await residentBytes(variant.child.pid)) / 1e6;
  const summary = [
    `${count} answered, ${(count / lasted).toFixed(1)} a second; ${failed.length === 0 ? 'none failed' : `failed: ${failed.join('; ')}`}`,
    `the last one ended ${(lasted - seconds).toFixed(1)} s after the last was due: where that grows with --for, the rate is too high`,
    `CPU per cascade, ms: ${cpu.join(', ')}; worker ${megabytes.toFixed(0)} MB`,
  ];
  const percentiles = percentilesOf(done.latenciesMs);
  console.log(
    [...summary, '', ...percentiles.map(({ line }) => line), '', ...barsOf(done.latenciesMs)].join('\n'),
  );
  const title = `${rate} cascades a second for ${seconds} s`;
  await writeFile(values.out, loadPage({ title, summary, percentiles, done }));
  say(`The plot: ${resolve(values.out)}`);
}

function positive(flag: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new RangeError(`--${flag} ${text}: expected a number above 0`);
  return value;
}

function secondsOf(text: string): number {
  const [, number = '', unit = 's'] = /^([\d.]+)(s|m)?$/.exec(text) ?? [];
  return positive('for', number || text) * (unit === 'm' ? 60 : 1);
}

function oneOf<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found === undefined) throw new RangeError(`--${flag} ${text}: expected one of ${names.join(', ')}`);
  return found;
}
