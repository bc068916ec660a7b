import { copyFile, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { packageFolder } from '../package-folder.ts';

/** Writes a first `escalier.yaml`, never over one that is there. */
export async function initCommand(context: Context, options: { settings: string }): Promise<void> {
  try {
    await copyFile(
      join(packageFolder(), 'examples', 'escalier.yaml'),
      options.settings,
      constants.COPYFILE_EXCL,
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
      throw new CliError(
        `${options.settings} is there already: edit it, or move it away first`,
        EXIT.usage,
        error,
      );
    }
    throw error;
  }
  context.say(`Wrote ${options.settings}. Set its vendor's key in the environment, then: escalier up`);
}
