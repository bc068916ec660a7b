import { chmod, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findTemporalBinary, type Fetch } from './temporal-binary.ts';
import { buildTemporal } from './temporal-build.ts';

let root: string;
let cacheFolder: string;
let pathFolder: string;
let said: string[];
const onProgress = (message: string) => said.push(message);

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'escalier-binary-'));
  cacheFolder = join(root, 'cache');
  pathFolder = join(root, 'bin');
  await mkdir(pathFolder);
  said = [];
});
afterEach(() => rm(root, { recursive: true }));

async function program(file: string, text = '#!/bin/sh\n'): Promise<string> {
  await mkdir(join(file, '..'), { recursive: true });
  await writeFile(file, text);
  await chmod(file, 0o755);
  return file;
}
const forbidden: Fetch = () => Promise.reject(new Error('must not be fetched'));
const find = (env: Record<string, string>, fetches: Record<string, Fetch> = { forbidden }) =>
  findTemporalBinary({ env: { PATH: pathFolder, ...env }, cacheFolder, onProgress, fetches });

test('TEMPORAL_CLI_PATH comes first, then the PATH, then the cache', async () => {
  const cached = await program(join(cacheFolder, 'temporal'));
  expect(await find({})).toBe(cached);
  const onPath = await program(join(pathFolder, 'temporal'));
  expect(await find({})).toBe(onPath);
  const chosen = await program(join(root, 'my-temporal'));
  expect(await find({ TEMPORAL_CLI_PATH: chosen })).toBe(chosen);
});

test('a TEMPORAL_CLI_PATH that cannot be run is an error, not a reason to look further', async () => {
  await program(join(pathFolder, 'temporal'));
  await writeFile(join(root, 'text'), '', { mode: 0o644 });
  for (const path of [join(root, 'missing'), join(root, 'text'), root]) {
    await expect(find({ TEMPORAL_CLI_PATH: path })).rejects.toThrow(`TEMPORAL_CLI_PATH is ${path}`);
  }
});

test('a folder or a plain file called temporal on the PATH is passed over', async () => {
  await mkdir(join(pathFolder, 'temporal'));
  const cached = await program(join(cacheFolder, 'temporal'));
  expect(await find({})).toBe(cached);
});

test('fetches are tried in order; the first that works fills the cache, once', async () => {
  let calls = 0;
  const works: Fetch = async ({ folder }) => {
    calls += 1;
    await program(join(folder, 'temporal-sdk-1.2'), 'fetched');
    await writeFile(join(folder, 'notes'), '');
  };
  const offline: Fetch = () => Promise.reject(new Error('no internet'));
  const found = await find({}, { offline, works, forbidden });
  expect(found).toBe(join(cacheFolder, 'temporal'));
  expect(await readFile(found, 'utf8')).toBe('fetched');
  expect(said).toContain('Temporal: offline failed: no internet');
  expect(await find({}, { works })).toBe(found);
  expect(calls).toBe(1);
  expect(await readdir(cacheFolder)).toEqual(['temporal']);
});

test('two at once both get the binary', async () => {
  const works: Fetch = async ({ folder }) => {
    await program(join(folder, 'temporal'));
  };
  const found = await Promise.all([find({}, { works }), find({}, { works })]);
  expect(new Set(found)).toEqual(new Set([join(cacheFolder, 'temporal')]));
  expect(await readdir(cacheFolder)).toEqual(['temporal']);
});

test('an interrupted fetch leaves nothing that could be taken for the binary, and is swept away later', async () => {
  const dies: Fetch = async ({ folder }) => {
    await program(join(folder, 'temporal'), 'half');
    throw new Error('cut off');
  };
  await expect(find({}, { dies })).rejects.toThrow('dies: cut off');
  expect(await readdir(cacheFolder)).toEqual([]);

  await program(join(cacheFolder, '.fetch-old', 'temporal'), 'half');
  await program(join(cacheFolder, '.fetch-new', 'temporal'), 'half');
  await utimes(join(cacheFolder, '.fetch-old'), 0, 0);
  await expect(find({}, { dies })).rejects.toThrow('no Temporal server binary');
  expect(await readdir(cacheFolder)).toEqual(['.fetch-new']);
});

test('when every way fails, each is listed with its reason, and what to do', async () => {
  const a: Fetch = () => Promise.reject(new Error('no internet'));
  const b: Fetch = () => Promise.resolve();
  const message = await find({}, { a, b }).catch((error: unknown) => String(error));
  expect(message).toContain('`temporal` on the PATH: not there');
  expect(message).toContain(`the cache: no ${join(cacheFolder, 'temporal')}`);
  expect(message).toContain('a: no internet');
  expect(message).toContain('b: it ended well but left no executable file');
  expect(message).toContain('set TEMPORAL_CLI_PATH');
  expect(message).toContain('set TEMPORAL_ADDRESS');
});

test('an abort ends the search with its own reason', async () => {
  const controller = new AbortController();
  const slow: Fetch = () => {
    controller.abort(new Error('Postgres failed'));
    return Promise.reject(new Error('killed'));
  };
  const options = { env: { PATH: pathFolder }, cacheFolder, onProgress, signal: controller.signal };
  await expect(findTemporalBinary({ ...options, fetches: { slow, forbidden } })).rejects.toThrow(
    'Postgres failed',
  );
});

test('go install builds the pinned version into the folder that it is given', async () => {
  await program(
    join(pathFolder, 'go'),
    '#!/bin/sh\n[ "$1" = version ] && exit 0\necho "$@" > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"\n',
  );
  const found = await find({ PATH: `${pathFolder}:/usr/bin:/bin` }, { 'go install': buildTemporal });
  expect(await readFile(found, 'utf8')).toBe('install -v github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
});

test('without Go, and with a Go that fails, the reason is given', async () => {
  await expect(find({}, { build: buildTemporal })).rejects.toThrow('build: `go` is not on the PATH');
  await program(
    join(pathFolder, 'go'),
    '#!/bin/sh\n[ "$1" = version ] && exit 0\necho no route >&2; exit 1\n',
  );
  await expect(find({}, { build: buildTemporal })).rejects.toThrow('build: no route');
});
