import { execFile } from 'node:child_process';
import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..');

/**
 * Builds the package into a folder of one's own, as the package is laid out: what is tested is the code of this checkout,
 * whatever an earlier build left in `dist/`. The workflow is bundled at the worker's start.
 * @param project which files: the package's by default.
 * @returns the path of the command line's entry.
 */
export async function buildTo(
  folder: string,
  project: string = join(ROOT, 'tsconfig.build.json'),
): Promise<string> {
  // Types are checked elsewhere; emitting alone takes a second.
  await promisify(execFile)(process.execPath, [
    join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'),
    ...['-p', project, '--outDir', folder],
    ...['--noCheck', '--declaration', 'false', '--sourceMap', 'false', '--incremental', 'false'],
    ...['--tsBuildInfoFile', 'null'],
  ]);
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const kept of ['package.json', 'migrations', 'demo', 'examples']) {
    await cp(join(ROOT, kept), join(folder, kept), { recursive: true });
  }
  return join(folder, 'cli', 'main.js');
}
