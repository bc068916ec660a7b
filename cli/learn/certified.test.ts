import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { toDataset } from '../../learning/dataset.ts';
import type { Claim } from '../../learning/guarantee/frozen-test.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { MADE_ANSWER, madeSet } from '../../test/support/made-set.ts';
import type { LearnedSomehow } from '../commands/learn.ts';
import { createContext, type Context } from '../context.ts';
import { certified } from './certified.ts';

let context: Context;
beforeEach(async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'escalier-certified-'));
  context = { ...createContext({}, true, new AbortController().signal), dataFolder };
});
afterEach(() => rm(context.dataFolder, { recursive: true }));

type Asked = Omit<Claim, 'baseline' | 'delta'> & Partial<Pick<Claim, 'baseline'>>;

/** What comes of a claim on all queries of a set, at δ = 0.1. */
function claimed(set: RecordedSet, claim: Asked): Promise<LearnedSomehow> {
  const { dataset } = toDataset(set, MADE_ANSWER);
  const train = dataset.queries.map((_, at) => at);
  return certified(
    context,
    dataset,
    train,
    { baseline: null, delta: 0.1, ...claim },
    { seed: 1, include: [] },
  );
}

const WEAK = { small: { usdPerMtok: 5, accuracy: 0.4 }, large: { usdPerMtok: 10, accuracy: 0.95 } };

test('where nothing certifies, the baseline is recommended for what it keeps by construction, and for no other', async () => {
  const set = madeSet(WEAK, { queries: 200, doubt: 0.05, silent: 0 });
  const harm = await claimed(set, { loss: 'harm', alpha: 0.02 });
  expect(harm.certification?.statement).toMatch(
    /^Nothing but the baseline large could be certified for a harm of at most 2\.0%: serve it alone, or /,
  );
  const selective = await claimed(set, { loss: 'selective', alpha: 0.02 });
  expect(selective.policy).toMatchObject({ chain: ['large'], certificate: null });
  expect(selective.certification?.statement).toMatch(
    /^No cascade could be certified for errors of at most 2\.0% among the answers accepted before its last stage: .*large alone, whose errors nothing is said about\.$/,
  );
});
