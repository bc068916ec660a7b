import { sqlState } from '../../ledger/database.ts';
import { grantReader, ReaderProblem } from '../../ledger/reader.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';

/** Never an argument: those are seen by every process of the machine, and kept by shells. */
const PASSWORD = 'ESCALIER_READER_PASSWORD';

export async function grantReaderCommand(
  context: Context,
  role: string,
  options: { create: boolean },
): Promise<void> {
  const password = context.env[PASSWORD] || null;
  await withDatabase(context, async (pool) => {
    const grant = await grantReader(pool, role, options.create ? { password } : null).catch(refused);
    if (context.json) {
      context.out(JSON.stringify({ role, ...grant }));
      return;
    }
    if (grant.created && password === null) {
      context.say(
        `The role has no password (${PASSWORD} is not set): it can connect where Postgres asks none.`,
      );
    }
    context.out(`${role} can read ${grant.tables.join(', ')}. It can read no texts, and write nothing.`);
  });
}

function refused(error: unknown): never {
  if (error instanceof ReaderProblem) throw new CliError(error.message, EXIT.usage, error);
  if (error instanceof Error && sqlState(error) === '42501') {
    throw new CliError(
      `${error.message}: set DATABASE_URL to a user that owns the ledger and may create and alter roles (CREATEROLE)`,
      EXIT.usage,
      error,
    );
  }
  throw error;
}
