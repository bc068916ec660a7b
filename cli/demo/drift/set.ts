import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readRecordedSet, type RecordedSet } from '../../../recorded/read.ts';
import { writeSyntheticSet } from '../../../recorded/synthetic.ts';
import type { Context } from '../../context.ts';
import { chooseRecordedSet } from '../recorded-folder.ts';

/** The shipped set has 120 queries: a region with 5% of them would have six. */
const QUERIES = 1320;

/** The set that was asked for, else real responses beside the project, else a made-up one, larger than the one that ships. */
export async function driftSet(context: Context, asked: string | undefined): Promise<RecordedSet> {
  const chosen = chooseRecordedSet(asked);
  if (!chosen.synthetic) {
    context.say(`Recorded set: real responses of real models, from ${chosen.folder}`);
    return readRecordedSet(chosen.folder);
  }
  const folder = join(context.dataFolder, 'demo-drift-set');
  await rm(folder, { recursive: true, force: true });
  await writeSyntheticSet(folder, { queries: QUERIES, seed: 1 });
  context.say(`Recorded set: ${QUERIES} made-up queries. Its models and their answers are made up.`);
  return readRecordedSet(folder);
}
