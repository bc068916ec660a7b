import { isAbsolute, join, resolve } from 'node:path';

/** The variables of a process, as a `main` file read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Who is running: what decides where files of ours may lie. */
export interface Account {
  readonly env: Environment;
  /** Null where the platform has no user ids. */
  readonly uid: number | null;
  /** The home folder, absolute. */
  readonly home: string;
}

/**
 * Where the embedded servers keep their data: `ESCALIER_HOME`, else for root `/var/lib/escalier` (Postgres runs as another
 * user there, which could not reach root's home), else `escalier` in `XDG_DATA_HOME` or in `~/.local/share`.
 */
export function dataFolder({ env, uid, home }: Account): string {
  const chosen = env['ESCALIER_HOME'];
  if (chosen) return resolve(chosen);
  if (uid === 0) return '/var/lib/escalier';
  return join(xdgFolder(env['XDG_DATA_HOME']) ?? join(home, '.local', 'share'), 'escalier');
}

/** Where downloaded or built binaries are kept: `ESCALIER_CACHE`, else `escalier` in `XDG_CACHE_HOME` or in `~/.cache`. */
export function cacheFolder({ env, home }: Account): string {
  const chosen = env['ESCALIER_CACHE'];
  if (chosen) return resolve(chosen);
  return join(xdgFolder(env['XDG_CACHE_HOME']) ?? join(home, '.cache'), 'escalier');
}

/** The XDG specification says that a relative path is to be ignored. */
function xdgFolder(path: string | undefined): string | null {
  return path && isAbsolute(path) ? path : null;
}
