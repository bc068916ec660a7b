import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildTo } from '../support/build.ts';
import { fewestKills, KILL_KINDS } from './kill-plan.ts';
import type { Tally } from './tally.ts';

/** A call whose worker died is tried again after 15 s without a heartbeat, and the servers are started again. */
const WITHIN_MS = 300_000;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-chaos-build-'));
  await chmod(folder, 0o755);
  await buildTo(folder, join(import.meta.dirname, 'tsconfig.json'));
  // Once, instead of by every worker that is started again.
  await promisify(execFile)(process.execPath, [join(folder, 'worker', 'build-bundle.js')]);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('each kind of kill once: no answer is lost, and the books agree', { timeout: WITHIN_MS }, async () => {
  const kills = fewestKills();
  const main = join(folder, 'test', 'chaos', 'main.js');
  const child = spawn(process.execPath, [main, '--json', '--kills', String(kills), '--queries', '30'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, exit] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ]);
  expect(stdout, stderr).not.toBe('');
  const tally = JSON.parse(stdout) as Tally;
  expect(
    Object.entries(tally.checks).filter(([, { violations }]) => violations > 0),
    stderr,
  ).toEqual([]);
  expect(tally.kills).toEqual({
    total: kills,
    ...Object.fromEntries(KILL_KINDS.map((kind) => [kind, expect.any(Number)])),
  });
  expect(KILL_KINDS.filter((kind) => (tally.kills[kind] ?? 0) === 0)).toEqual([]);
  expect(tally.rows['orphaned']).toBeGreaterThan(0);
  expect(exit[0]).toBe(0);
});
