import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/**
 * A process that is killed cannot stop its servers. So each server has a file that names it and its owner: the next
 * starter leaves a server alone while its owner lives, and takes charge of it where the owner is dead.
 */
export interface ServerRecord {
  readonly pid: number;
  readonly port: number;
  /** The process that started the server and will stop it. */
  readonly owner: number;
}

export async function writeRecord(file: string, record: ServerRecord): Promise<void> {
  await writeFile(file, `${JSON.stringify(record)}\n`);
}

/** Null where there is none, or an unreadable one (its writer was killed while writing). */
export async function readRecord(file: string): Promise<ServerRecord | null> {
  try {
    const record = JSON.parse(await readFile(file, 'utf8')) as Partial<ServerRecord> | null;
    const { pid, port, owner } = record ?? {};
    return pid !== undefined && port !== undefined && owner !== undefined ? { pid, port, owner } : null;
  } catch {
    return null;
  }
}

export async function removeRecord(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** Whether a process runs. Another user's counts; one that has ended and was not collected by its parent does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // Where there is no /proc (macOS), the first process collects at once.
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return !/^State:\s+[ZX]/m.test(status);
}

/** Whether a process exists and its command line holds every one of the words: a process id alone may have been reused. */
export async function isRunning(pid: number, words: readonly string[]): Promise<boolean> {
  if (!(await isAlive(pid))) return false;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() =>
    promisify(execFile)('ps', ['-o', 'args=', '-p', String(pid)]).then(
      ({ stdout }) => stdout,
      () => '',
    ),
  );
  return words.every((word) => command.includes(word));
}

/** Asks a process to end, and kills it when it has not after `patienceMs`. */
export async function endProcess(pid: number, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  process.kill(pid, 'SIGINT');
  while (await isAlive(pid)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(25);
  }
}
