/** `npm run chaos`: kills everything, again and again, and then checks the books. */
import { parseArgs } from 'node:util';
import { fewestKills } from './kill-plan.ts';
import { runChaos } from './run.ts';
import { showTally } from './tally.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    queries: { type: 'string', default: '80' },
    json: { type: 'boolean', default: false },
  },
});

const interrupted = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => {
    interrupted.abort(new Error(`ended by ${name}`));
  });
}

const tally = await runChaos({
  kills: wholeNumber('kills', fewestKills()),
  seed: wholeNumber('seed', 0),
  queries: wholeNumber('queries', 1),
  env: process.env,
  signal: interrupted.signal,
  onProgress: (line) => {
    console.error(line);
  },
});
console.log(values.json ? JSON.stringify(tally, null, 2) : showTally(tally));
process.exitCode = tally.ok ? 0 : 1;

function wholeNumber(name: 'kills' | 'seed' | 'queries', least: number): number {
  const number = Number(values[name]);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new RangeError(`--${name} ${values[name]}: give a whole number from ${least} up`);
}
