import { userInfo } from 'node:os';
import type { OnProgress } from './progress.ts';
import { run, type Identity } from './run.ts';

/** The name that every distribution's Postgres package uses. */
const USER = 'postgres';
export const SYSTEM_ENV = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/**
 * Whom Postgres has to run as: it refuses root, so for root this is the system user `postgres`, which is created where it
 * is missing. Null: as ourselves.
 * @throws {Error} when the user cannot be created
 */
export async function postgresIdentity(onProgress: OnProgress): Promise<Identity | null> {
  if (userInfo().uid !== 0) return null;
  const existing = await identityOf(USER);
  if (existing) return existing;
  onProgress(`Postgres: refuses to run as root, so creating the system user ${USER}`);
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', USER];
  const failure = await run('useradd', args, { env: SYSTEM_ENV }).then(
    ({ ok, output }) => (ok ? null : output),
    (error: unknown) => String(error),
  );
  const created = await identityOf(USER);
  if (created) return created;
  throw new Error(
    `Postgres refuses to run as root, and the system user ${USER} could not be created (${failure ?? 'useradd said nothing'}): ` +
      'create it, run Escalier as an ordinary user, or set DATABASE_URL to a Postgres that runs elsewhere',
  );
}

async function identityOf(user: string): Promise<Identity | null> {
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map((flag) => run('id', [flag, user], { env: SYSTEM_ENV })),
  );
  return uid?.ok && gid?.ok ? { uid: Number(uid.output), gid: Number(gid.output) } : null;
}
