import { chmod, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder with its missing parents, for its owner only.
 * @param passable whether other users may pass through it and the parents that were made (without listing them): Postgres,
 *   which does not run as root, has to reach its own folder inside. A strict umask does not change that.
 */
export async function makeFolder(folder: string, passable: boolean): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!passable) return;
  await chmod(folder, 0o711);
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await chmod(made, 0o711);
}
