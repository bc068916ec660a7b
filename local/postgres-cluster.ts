import { randomBytes } from 'node:crypto';
import { access, chown, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from './make-folder.ts';
import type { PostgresBinaries } from './postgres-binaries.ts';
import { SYSTEM_ENV } from './postgres-user.ts';
import { run, type Identity } from './run.ts';

/** The database superuser of an embedded Postgres, and the name of its database. */
export const POSTGRES_USER = 'escalier';

/** A data directory and the password that it was made with. */
export interface Cluster {
  readonly data: string;
  readonly password: string;
}

/**
 * Makes the folder and gives it to the user that Postgres runs as.
 * @throws {Error} when that user cannot reach it
 */
export async function prepareFolder(folder: string, identity: Identity | null): Promise<void> {
  await makeFolder(folder, identity !== null);
  if (identity === null) return;
  await chown(folder, identity.uid, identity.gid);
  const { ok } = await run('test', ['-w', folder], { env: SYSTEM_ENV, identity });
  if (ok) return;
  throw new Error(
    `Postgres runs as user ${identity.uid}, who cannot reach ${folder}: choose a folder with ESCALIER_HOME whose parents ` +
      'everyone may enter (not in the home of root), or run Escalier as an ordinary user',
  );
}

/** The cluster in the folder, made where there is none: it appears whole, with its password, or not at all. */
export async function openCluster(
  folder: string,
  binaries: PostgresBinaries,
  identity: Identity | null,
  onMake: () => void,
): Promise<Cluster> {
  const cluster = join(folder, 'cluster');
  const exists = await access(cluster).then(
    () => true,
    () => false,
  );
  if (!exists) {
    onMake();
    await makeCluster(folder, cluster, binaries, identity);
  }
  const passwordFile = join(cluster, 'password');
  const password = await readFile(passwordFile, 'utf8').catch((error: unknown) => {
    throw new Error(
      `the password of the embedded Postgres cannot be read (${passwordFile}): put it back, or move ${cluster} away to ` +
        'start with an empty ledger',
      { cause: error },
    );
  });
  return { data: join(cluster, 'data'), password: password.trim() };
}

async function makeCluster(
  folder: string,
  cluster: string,
  binaries: PostgresBinaries,
  identity: Identity | null,
): Promise<void> {
  const temporary = await mkdtemp(`${cluster}-`);
  try {
    const passwordFile = join(temporary, 'password');
    await writeFile(passwordFile, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
    if (identity) {
      for (const path of [temporary, passwordFile]) await chown(path, identity.uid, identity.gid);
    }
    const { ok, output } = await run(
      binaries.initdb,
      [
        `--pgdata=${join(temporary, 'data')}`,
        `--username=${POSTGRES_USER}`,
        `--pwfile=${passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // Sorts by code point and knows every script's letters, the same on every machine.
        ...['--no-locale', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ],
      { env: SYSTEM_ENV, identity },
    );
    if (!ok) throw new Error(`initdb could not make ${join(folder, 'cluster')}: ${output}`);
    await rename(temporary, cluster).catch((error: unknown) => {
      // Another starter was first: its cluster is used.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}
