import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Environment } from './data-folder.ts';

/** A user and group that a program runs as. */
export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

export interface RunOptions {
  /** The program's whole environment; nothing is inherited. */
  readonly env: Environment;
  /** Null or absent: as ourselves. */
  readonly identity?: Identity | null;
  /** Ends the program with SIGTERM. */
  readonly signal?: AbortSignal | undefined;
  /** Each line of output and error output, as it comes. */
  readonly onLine?: (line: string) => void;
}

export interface RunResult {
  readonly ok: boolean;
  /** The last lines of output and error output together. */
  readonly output: string;
}

/** Enough of a failing program's words to see why it failed. */
const KEPT_LINES = 40;

/**
 * Runs a program to its end, from the root folder: another user may not be able to enter the current one.
 * @throws {Error} when it cannot be started (missing, not executable, out of reach), or when the signal aborts
 */
export async function run(
  program: string,
  args: readonly string[],
  { env, identity, signal, onLine }: RunOptions,
): Promise<RunResult> {
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    cwd: '/',
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(identity ?? {}),
    ...(signal ? { signal } : {}),
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LINES) lines.shift();
      onLine?.(line);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { ok: code === 0, output: lines.join('\n').trim() };
}
