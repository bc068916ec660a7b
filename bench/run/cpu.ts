import { readFile } from 'node:fs/promises';

/** `sysconf(_SC_CLK_TCK)`: 100 on every Linux that Node runs on, since the kernel fixes it for what programs see. */
const TICKS_PER_SECOND = 100;

/**
 * CPU time in seconds that a process and its descendants have used, user and system, by `/proc`. Of descendants that have
 * ended it is in their parents' account, so a process that was never waited for is missing. Its grain is 10 ms.
 * @throws {Error} where there is no `/proc`, or no such process.
 */
async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The name, in brackets, may hold spaces. After it: state, ppid, …; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const own = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0) / TICKS_PER_SECOND;
  const children = await Promise.all(
    (await childrenOf(pid)).map((child) => cpuSeconds(child).catch(() => 0)),
  );
  return children.reduce((sum, seconds) => sum + seconds, own);
}

/** Resident memory of one process, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kilobytes === undefined) throw new Error(`process ${pid} has no resident memory`);
  return Number(kilobytes) * 1024;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text
    .split(' ')
    .map(Number)
    .filter((child) => child > 0);
}

/** CPU seconds by role. */
export type CpuByRole = Readonly<Record<string, number>>;

export async function cpuOf(processes: Readonly<Record<string, number>>): Promise<CpuByRole> {
  const entries = Object.entries(processes).map(
    async ([role, pid]) => [role, await cpuSeconds(pid)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

export function cpuBetween(before: CpuByRole, after: CpuByRole): CpuByRole {
  return Object.fromEntries(
    Object.entries(after).map(([role, seconds]) => [role, seconds - (before[role] ?? 0)]),
  );
}
