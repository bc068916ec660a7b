import { percentile } from '../run/statistics.ts';

const SHARES = [50, 75, 90, 95, 99, 99.9, 100];
/** Of the longest bar, in characters. */
const LONGEST = 50;
/** Each step of latency is so much longer than the one before. */
const STEP = 1.25;

export interface PercentileLine {
  readonly share: number;
  readonly ms: number;
  /** For a terminal. */
  readonly line: string;
}

/** Of all latencies, exactly: a run is short enough to keep each. */
export function percentilesOf(latenciesMs: readonly number[]): PercentileLine[] {
  return SHARES.map((share) => {
    const ms = percentile(latenciesMs, share / 100);
    return { share, ms, line: `p${String(share).padEnd(5)} ${ms.toFixed(1).padStart(9)} ms` };
  });
}

/** A line for each step of latency, with a bar of how many lie there. */
export function barsOf(latenciesMs: readonly number[]): string[] {
  const steps = latenciesMs.map((ms) => Math.ceil(Math.log(Math.max(1, ms)) / Math.log(STEP)));
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const counts = Array.from({ length: last - first + 1 }, () => 0);
  for (const step of steps) counts[step - first] = (counts[step - first] ?? 0) + 1;
  const most = Math.max(...counts);
  return counts.map((count, index) => {
    const upTo = (STEP ** (first + index)).toFixed(1).padStart(8);
    return `≤ ${upTo} ms ${String(count).padStart(6)} ${'█'.repeat(Math.ceil((count / most) * LONGEST))}`;
  });
}
