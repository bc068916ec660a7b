import { constants } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { OnProgress } from './progress.ts';
import { buildTemporal } from './temporal-build.ts';
import type { Environment } from './data-folder.ts';
import { downloadTemporal } from './temporal-download.ts';

const PROGRAM = process.platform === 'win32' ? 'temporal.exe' : 'temporal';

/** A way to get the binary: leaves one executable file somewhere in `folder`, or throws with the reason. */
interface FetchOptions {
  readonly env: Environment;
  /** Empty, and ours alone. */
  readonly folder: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}
export type Fetch = (options: FetchOptions) => Promise<void>;

/** In this order; each is named for people. */
const FETCHES: Readonly<Record<string, Fetch>> = {
  "the SDK's download": downloadTemporal,
  'go install': buildTemporal,
};

/** A folder of a fetch that was killed is swept away after this long, in ms; a living one is done much sooner. */
const STALE_AFTER = 3 * 3_600_000;

export interface FindOptions {
  readonly env: Environment;
  /** Holds the fetched binary; made when it is needed. */
  readonly cacheFolder: string;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
  /** Default: the SDK's download, then `go install`. */
  readonly fetches?: Readonly<Record<string, Fetch>>;
}

/**
 * The path of a Temporal CLI: `TEMPORAL_CLI_PATH`, `temporal` on the PATH, the cache; else it is fetched into the cache,
 * once. A fetch works in a folder of its own and its result is moved into place at the end, so that an interrupted one
 * leaves nothing half there and two at once do no harm.
 * @throws {Error} when `TEMPORAL_CLI_PATH` names no executable, or when every way failed: it lists them with their reasons
 */
export async function findTemporalBinary(options: FindOptions): Promise<string> {
  const { env, cacheFolder, onProgress, signal, fetches = FETCHES } = options;
  const installed = await findInstalledTemporal(options);
  if (installed !== null) return installed;

  const cached = join(cacheFolder, PROGRAM);
  const tried = ['`temporal` on the PATH: not there', `the cache: no ${cached}`];
  for (const [name, fetch] of Object.entries(fetches)) {
    try {
      await intoCache(cacheFolder, (folder) => fetch({ env, folder, onProgress, signal }));
      onProgress(`Temporal: keeping the binary at ${cached}`);
      return cached;
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      onProgress(`Temporal: ${name} failed: ${firstLine(reason)}`);
      tried.push(`${name}: ${reason}`);
    }
  }
  throw new Error(
    [
      'no Temporal server binary could be found. Tried:',
      ...tried.map((way) => `  - ${way}`),
      'Install the Temporal CLI (https://docs.temporal.io/cli) so that `temporal` is on the PATH, or set TEMPORAL_CLI_PATH to it,',
      'or set TEMPORAL_ADDRESS to a Temporal server that runs elsewhere.',
    ].join('\n'),
  );
}

/**
 * The same without fetching anything; null where there is none.
 * @throws {Error} when `TEMPORAL_CLI_PATH` is set and names no executable
 */
export async function findInstalledTemporal({
  env,
  cacheFolder,
}: Pick<FindOptions, 'env' | 'cacheFolder'>): Promise<string | null> {
  const chosen = env['TEMPORAL_CLI_PATH'];
  if (chosen) {
    if (await isExecutable(chosen)) return chosen;
    throw new Error(
      `TEMPORAL_CLI_PATH is ${chosen}, and no executable file is there: correct it, or unset it to have one found`,
    );
  }
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  for (const folder of [...folders, cacheFolder]) {
    if (await isExecutable(join(folder, PROGRAM))) return join(folder, PROGRAM);
  }
  return null;
}

async function intoCache(cacheFolder: string, fetch: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  await sweep(cacheFolder);
  const folder = await mkdtemp(join(cacheFolder, '.fetch-'));
  try {
    await fetch(folder);
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (!(await isExecutable(file))) continue;
      await rename(file, join(cacheFolder, PROGRAM));
      return;
    }
    throw new Error('it ended well but left no executable file');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sweep(cacheFolder: string): Promise<void> {
  for (const name of await readdir(cacheFolder)) {
    if (!name.startsWith('.fetch-')) continue;
    const folder = join(cacheFolder, name);
    const found = await stat(folder).catch(() => null);
    if (found && Date.now() - found.mtimeMs > STALE_AFTER) await rm(folder, { recursive: true, force: true });
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
