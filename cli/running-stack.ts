import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** What a running `escalier up` tells other commands of the same user: they need no variables set. */
const schema = z.object({
  pid: z.int(),
  databaseUrl: z.string(),
  temporalAddress: z.string(),
  uiUrl: z.string().nullable(),
});

export type RunningStack = z.infer<typeof schema>;

const FILE = 'stack.json';

/** The running stack, or null where none runs: the file of a process that was killed counts for nothing. */
export async function readRunningStack(dataFolder: string): Promise<RunningStack | null> {
  const text = await readFile(join(dataFolder, FILE), 'utf8').catch(() => null);
  if (text === null) return null;
  const parsed = schema.safeParse(parsedOrNull(text));
  return parsed.success && isAlive(parsed.data.pid) ? parsed.data : null;
}

function parsedOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Written by a process that was killed meanwhile.
    return null;
  }
}

/** Holds the database's password, so only its owner may read it. */
export async function writeRunningStack(dataFolder: string, stack: RunningStack): Promise<void> {
  await writeFile(join(dataFolder, FILE), JSON.stringify(stack), { mode: 0o600 });
}

export async function removeRunningStack(dataFolder: string): Promise<void> {
  await rm(join(dataFolder, FILE), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
