import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import { writeSyntheticSet } from '../../recorded/synthetic.ts';

/** A made-up set as large as real ones, which is there on every machine. */
export function useSyntheticSet(): () => RecordedSet {
  let folder: string;
  let set: RecordedSet;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'synthetic-set-'));
    await writeSyntheticSet(folder, { queries: 1320, seed: 1 });
    set = await readRecordedSet(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));
  return () => set;
}
