import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { simulateAll } from '../cli/demo/check.ts';
import { chooseChain, demoPolicy } from '../cli/demo/policy.ts';
import { percent } from '../cli/output.ts';
import { displayUsd, formatUsd } from '../core/money.ts';
import { isPaidTwice } from '../ledger/report.ts';
import { readRecordedSet } from '../recorded/read.ts';

const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');

test('README.md and docs/replay.md show what the demo prints of the set that ships', async () => {
  const set = await readRecordedSet(fileURLToPath(new URL('../demo/recorded', import.meta.url)));
  const chain = chooseChain(set);
  // What is served is what is simulated: the demo itself checks that, query by query.
  const queries = await simulateAll(set, demoPolicy(set, chain), set.queries);
  const bought = queries.flatMap((query) => query.bought);
  const sum = (some: readonly { readonly cost: bigint }[]) =>
    some.reduce((total, { cost }) => total + cost, 0n);
  const total = sum(bought);
  const twice = sum(bought.filter(({ spendClass }) => isPaidTwice(spendClass)));
  const ended = (outcome: string) => queries.filter((query) => query.outcome === outcome).length;
  const right = queries.filter(({ correct }) => correct === true).length / queries.length;
  const meter = `$${formatUsd(total)} and $${formatUsd(total)} for ${bought.length} requests`;

  const readme = await read('../README.md');
  for (const shown of [
    `Task arithmetic-demo: ${queries.length} queries up the chain ${chain.join(' → ')}`,
    `${ended('accepted')} accepted, ${ended('last-stage')} last-stage`,
    `${percent(right)} of ${queries.length} labelled answers`,
    `${displayUsd(total)} for ${bought.length} requests`,
    `${displayUsd(twice)} (${percent(Number(twice) / Number(total))})`,
    `The cascade: ${percent(right)} right for ${displayUsd(total)}`,
    meter,
  ]) {
    expect(readme).toContain(shown);
  }
  expect(await read('replay.md')).toContain(meter);
});
