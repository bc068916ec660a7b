import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cacheFolder } from './data-folder.ts';
import { isAlive } from './leftover.ts';
import { freePort, reachable } from './ports.ts';
import { findInstalledTemporal } from './temporal-binary.ts';
import { startTemporal } from './temporal-server.ts';

const { env } = process;
const binary = await findInstalledTemporal({
  env,
  cacheFolder: cacheFolder({ env, uid: null, home: homedir() }),
});
if (binary === null) {
  console.warn('no Temporal binary (TEMPORAL_CLI_PATH, PATH, cache): its server is not tested');
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-temporal-'));
});
afterAll(() => rm(folder, { recursive: true }));
const options = async () => ({
  port: await freePort(),
  uiPort: null,
  dbFile: null,
  namespace: 'default',
  tuned: true,
  searchAttributes: { EscalierTask: 'Keyword', EscalierCostMicroUsd: 'Int' } as const,
  logFile: join(folder, 'log'),
});

test.skipIf(binary === null)(
  'starts, takes our search attributes at once, and keeps workflows in its file',
  async () => {
    const dbFile = join(folder, 'db', 'temporal.db');
    const namespace = 'other';
    const at = { ...(await options()), binary: binary ?? '', dbFile, namespace, uiPort: await freePort() };
    for (const run of ['first', 'second']) {
      const server = await startTemporal(at);
      try {
        expect(server.address).toBe(`127.0.0.1:${at.port}`);
        const connection = await Connection.connect({ address: server.address });
        const client = new Client({ connection, namespace });
        if (run === 'first') {
          await client.workflow.start('any', {
            taskQueue: 'nobody',
            workflowId: 'kept',
            // eslint-disable-next-line @typescript-eslint/no-deprecated -- the untyped form is the shorter one
            searchAttributes: { EscalierTask: ['a'], EscalierCostMicroUsd: [7] },
          });
        }
        expect((await client.workflow.getHandle('kept').describe()).status.name).toBe('RUNNING');
        await connection.close();
        expect((await fetch(server.uiUrl ?? '')).ok).toBe(true);
      } finally {
        await Promise.all([server.stop(), server.stop()]);
      }
      expect(await isAlive(server.pid)).toBe(false);
      await expect(reachable('127.0.0.1', at.port, 1_000)).rejects.toThrow('ECONNREFUSED');
    }
  },
);

test.skipIf(binary === null)('an abort while it starts ends it with the reason of the abort', async () => {
  const at = await options();
  const signal = AbortSignal.abort(new Error('Postgres failed'));
  await expect(startTemporal({ ...at, binary: binary ?? '', signal })).rejects.toThrow('Postgres failed');
  await expect(reachable('127.0.0.1', at.port, 1_000)).rejects.toThrow('ECONNREFUSED');
});

test('a server that dies early fails at once, with the end of its log', async () => {
  const broken = join(folder, 'broken');
  await writeFile(broken, '#!/bin/sh\necho "unknown flag: --sqlite-pragma" >&2\nexit 3\n');
  await chmod(broken, 0o755);
  const failure = startTemporal({
    ...(await options()),
    binary: broken,
    logFile: join(folder, 'broken.log'),
  });
  await expect(failure).rejects.toThrow(
    /the server ended with 3\n.*broken\.log:\n.*unknown flag: --sqlite-pragma/,
  );
});

test('a binary that is not there is named', async () => {
  const missing = join(folder, 'missing');
  await expect(startTemporal({ ...(await options()), binary: missing })).rejects.toThrow(missing);
});
