import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRecord, writeRecord } from './leftover.ts';
import { freePort } from './ports.ts';
import { nativeFolder } from './postgres-binaries.ts';
import { startPostgres, type PostgresServer } from './postgres.ts';
import { run } from './run.ts';

let folder: string;
let port: number;
const started: PostgresServer[] = [];
const start = async (at = port) => {
  const server = await startPostgres({ folder, port: at, onProgress: () => undefined });
  started.push(server);
  return server;
};
async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
/** A process that has surely ended. */
async function deadProcess(): Promise<number> {
  let pid = 0;
  await run('sh', ['-c', 'echo $$'], {
    env: { PATH: '/usr/bin:/bin' },
    onLine: (line) => (pid = Number(line)),
  });
  return pid;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-postgres-'));
  port = await freePort();
});
afterAll(async () => {
  for (const server of started) await server.stop();
  await rm(folder, { recursive: true });
});

test('starts, is reused, keeps its data, asks for a password, and is taken over from a dead owner', async () => {
  const first = await start();
  expect(first.reused).toBe(false);
  await query(first.url, 'create table kept (n int)');
  expect(await query(first.url, "select lower('ÄÉ') as l, current_setting('server_encoding') as e")).toEqual([
    { l: 'äé', e: 'UTF8' },
  ]);

  const second = await start();
  expect(second).toMatchObject({ reused: true, url: first.url, pid: first.pid });
  await second.stop();
  expect(await query(first.url, 'select * from kept')).toEqual([]);

  await expect(start(await freePort())).rejects.toThrow(`already runs on ${folder} at port ${port}`);
  const wrong = new URL(first.url);
  wrong.password = 'guess';
  await expect(query(wrong.href, 'select 1')).rejects.toThrow('password authentication failed');
  expect((await stat(join(folder, 'cluster', 'password'))).mode & 0o777).toBe(0o600);

  const record = join(folder, 'server.json');
  await writeRecord(record, { pid: first.pid, port, owner: await deadProcess() });
  const heir = await start();
  expect(heir).toMatchObject({ reused: true, pid: first.pid });
  expect(await readRecord(record)).toEqual({ pid: first.pid, port, owner: process.pid });
  await heir.stop();
  await expect(query(first.url, 'select 1')).rejects.toThrow('ECONNREFUSED');

  const again = await start();
  expect(again).toMatchObject({ reused: false, url: first.url });
  expect(await query(again.url, 'select * from kept')).toEqual([]);

  await writeRecord(record, { pid: again.pid, port, owner: await deadProcess() });
  const elsewhere = await freePort();
  const moved = await start(elsewhere);
  expect(moved).toMatchObject({ reused: false, port: elsewhere });
  expect(await query(moved.url, 'select * from kept')).toEqual([]);
  await moved.stop();
  await moved.stop();
});

test('a platform without binaries is named, with the way out', () => {
  expect(() => nativeFolder('sunos', 'sparc')).toThrow(
    /no embedded Postgres for sunos on sparc.*DATABASE_URL/,
  );
});
