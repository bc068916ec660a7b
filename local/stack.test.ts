import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive, writeRecord } from './leftover.ts';
import { freePort, reachable } from './ports.ts';
import { startStack, type StackOptions } from './stack.ts';

let dataFolder: string;
let options: StackOptions;
let postgresPort: number;
beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'escalier-stack-'));
  postgresPort = await freePort();
  options = {
    dataFolder,
    cacheFolder: join(dataFolder, 'cache'),
    env: {},
    ports: { postgres: postgresPort, temporal: await freePort(), temporalUi: null },
    searchAttributes: {},
    onProgress: () => undefined,
  };
});
afterEach(() => rm(dataFolder, { recursive: true }));

test('when Temporal does not start, Postgres is stopped again', async () => {
  const env = { TEMPORAL_CLI_PATH: join(dataFolder, 'missing') };
  await expect(startStack({ ...options, env })).rejects.toThrow('TEMPORAL_CLI_PATH is');
  await expect(reachable('127.0.0.1', postgresPort, 1_000)).rejects.toThrow('ECONNREFUSED');
  expect(await readdir(join(dataFolder, 'postgres'))).toContain('cluster');
});

test('DATABASE_URL and TEMPORAL_ADDRESS replace the embedded servers, and are checked', async () => {
  const nowhere = await freePort();
  const DATABASE_URL = `postgres://ada:secret@127.0.0.1:${nowhere}/ledger`;
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const TEMPORAL_ADDRESS = `127.0.0.1:${(listener.address() as { port: number }).port}`;
  const message = await startStack({ ...options, env: { DATABASE_URL, TEMPORAL_ADDRESS } }).catch(String);
  listener.close();
  expect(message).toContain(`no Postgres at 127.0.0.1:${nowhere}/ledger (DATABASE_URL)`);
  expect(message).not.toContain('secret');

  const noTemporal = { ...options, env: { TEMPORAL_ADDRESS: `127.0.0.1:${nowhere}`, DATABASE_URL: 'x' } };
  await expect(startStack(noTemporal)).rejects.toThrow(/DATABASE_URL is not a URL|no Temporal at 127/);
  expect(await readdir(dataFolder)).toEqual([]);
});

test.each([
  ['127.0.0.1:1', 'no Temporal at 127.0.0.1:1 (TEMPORAL_ADDRESS): connect ECONNREFUSED'],
  ['localhost', 'write host:port'],
  ['http://localhost:7233', 'write host:port'],
])('TEMPORAL_ADDRESS %s is refused by name', async (address, expected) => {
  const { requireTemporal } = await import('./external.ts');
  await expect(requireTemporal(address)).rejects.toThrow(expected);
});

test('a Temporal that a killed process left is ended; a living process keeps its own', async () => {
  const folder = join(dataFolder, 'temporal');
  await mkdir(folder);
  const record = join(folder, 'server.json');
  const env = { TEMPORAL_CLI_PATH: join(dataFolder, 'missing') };
  const leave = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', 'start-dev', '7233']);
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  const left = leave();
  const exited = once(left, 'exit');

  await writeRecord(record, { pid: left.pid!, port: 7233, owner: process.pid });
  await expect(startStack({ ...options, env })).rejects.toThrow('Temporal already runs on this data folder');
  expect(await isAlive(left.pid!)).toBe(true);

  await writeRecord(record, { pid: left.pid!, port: 7233, owner: dead.pid! });
  await expect(startStack({ ...options, env })).rejects.toThrow('TEMPORAL_CLI_PATH is');
  expect(await exited).toEqual([null, 'SIGINT']);
});

test('a process that merely has the number of a left server is not touched', async () => {
  await mkdir(join(dataFolder, 'temporal'));
  const bystander = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
  await once(bystander, 'spawn');
  const record = { pid: bystander.pid!, port: 7233, owner: 2 ** 30 };
  await writeRecord(join(dataFolder, 'temporal', 'server.json'), record);
  const env = { TEMPORAL_CLI_PATH: join(dataFolder, 'missing') };
  await expect(startStack({ ...options, env })).rejects.toThrow('TEMPORAL_CLI_PATH is');
  expect(await isAlive(bystander.pid!)).toBe(true);
  bystander.kill('SIGKILL');
});
