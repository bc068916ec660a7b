#!/usr/bin/env node
import { CommanderError } from '@commander-js/extra-typings';
import { Unavailable } from '../core/unavailable.ts';
import { createContext, messageOf, type Context } from './context.ts';
import { CliError, EXIT } from './exit.ts';
import { createProgram } from './program.ts';

const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // The second one means it.
    if (interrupt.signal.aborted) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
}

// `escalier report | head`: whoever read has had enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

const BY_NAME: Readonly<Record<string, number>> = {
  SettingsError: EXIT.usage,
  UnavailableError: EXIT.unavailable,
};

/** Runs a command with its context. Commands are loaded when they run: most need neither a worker nor the servers. */
function run<Args extends unknown[]>(
  load: () => Promise<(context: Context, ...args: Args) => Promise<void>>,
): (...args: Args) => Promise<void> {
  return async (...args) => {
    const command = await load();
    await command(createContext(process.env, program.opts()['json'] === true, interrupt.signal), ...args);
  };
}

const program = createProgram(run);

try {
  await program.parseAsync();
} catch (error) {
  // Commander has said what is wrong with the command line.
  if (!(error instanceof CommanderError)) tell(error);
  process.exitCode = exitCodeOf(error);
}

function tell(error: unknown): void {
  for (const line of messageOf(error).split('\n')) process.stderr.write(`escalier: ${line}\n`);
  if (process.env['ESCALIER_DEBUG'] && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`);
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  // Asking for help or the version ends in one, too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  // By name: the modules of the last two are loaded with the commands that throw them.
  const name = error instanceof Unavailable ? 'UnavailableError' : error instanceof Error ? error.name : '';
  return BY_NAME[name] ?? EXIT.failure;
}
