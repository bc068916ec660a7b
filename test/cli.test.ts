import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { demoPolicy } from '../cli/demo/policy.ts';
import { EXIT } from '../cli/exit.ts';
import type { HostedWorker } from '../cli/host-worker.ts';
import { applyPolicies } from '../ledger/policies.ts';
import { cacheFolder } from '../local/data-folder.ts';
import { freePort } from '../local/ports.ts';
import { readRecordedSet, type RecordedSet } from '../recorded/read.ts';
import { startReplay, type ReplayServer } from '../replay/server.ts';
import { buildTo } from './support/build.ts';
import { createNamespace, hostTestWorker } from './support/cli-stack.ts';
import { createDatabase, useDatabase } from './support/database.ts';
import { REPLAY, replayProvider, SYNTHETIC } from './support/replay-world.ts';

const database = useDatabase();
/** A database of the same kind in which nothing happens. */
const idle = useDatabase();
/** With the Temporal binary of these tests in it. */
const binary = process.env['TEMPORAL_CLI_PATH'];
const cache = cacheFolder({ env: process.env, uid: null, home: homedir() });
let folder: string;
let main: string;
let env: Record<string, string>;
let set: RecordedSet;
let replay: ReplayServer;
let worker: HostedWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'escalier-cli-'));
  // Where the tests run as root, Postgres runs as another user, who must be able to enter.
  await chmod(folder, 0o755);
  const installed = join(folder, 'package');
  await mkdir(installed);
  main = await buildTo(installed);
  env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: await createNamespace(),
  };
  set = await readRecordedSet(SYNTHETIC);
  replay = await startReplay({ set });
  await applyPolicies(database.pool, [demoPolicy(set, ['small', 'medium', 'large'])]);
  worker = await hostTestWorker(env, new Map([[REPLAY, replayProvider(replay.url)]]));
});
afterAll(async () => {
  await worker.stop();
  await replay.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command as a user would, with nothing of this process's environment but the path. */
async function escalier(args: readonly string[], own: Record<string, string> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      ESCALIER_HOME: join(folder, 'home'),
      // Where the test's own servers have their binary from: a command of a test must not build one.
      ...(binary === undefined ? {} : { TEMPORAL_CLI_PATH: binary }),
      ...own,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await closed;
  return { code, stdout, stderr };
}

/** Exactly one line of the command's own on standard error, nothing on standard output, and this exit code. */
function expectOneLine(ran: Ran, code: number, words: RegExp): void {
  expect(ran.stderr.trimEnd().split('\n'), ran.stderr).toHaveLength(1);
  expect(ran.stderr).toMatch(/^escalier: /);
  expect(ran.stderr).toMatch(words);
  expect(ran.stdout).toBe('');
  expect(ran.code).toBe(code);
}

async function settings(name: string, body: string): Promise<string> {
  const file = join(folder, `${name}.yaml`);
  await writeFile(file, body);
  return file;
}

const MODELS = `
providers: { vendor: { base_url: 'http://127.0.0.1:9/v1', api_key_env: VENDOR_KEY } }
models:
  cheap: { provider: vendor, price: { input_usd_per_mtok: 1, output_usd_per_mtok: 1 }, parameters: { max_completion_tokens: 100 } }
  dear: { provider: vendor, price: { input_usd_per_mtok: 9, output_usd_per_mtok: 9 }, parameters: { max_completion_tokens: 100 } }
`;
const task = (line: string) => `${MODELS}tasks:\n  t: { scorer: agreement, answer: number, ${line} }\n`;

describe('help', () => {
  test('lists every command, on standard output', async () => {
    const { code, stdout, stderr } = await escalier(['--help']);
    expect(code).toBe(EXIT.ok);
    expect(stderr).toBe('');
    for (const command of [
      ...['up', 'worker', 'migrate', 'init', 'apply', 'policies', 'ask', 'batch', 'record', 'report', 'demo'],
      ...['replay', 'codec-server', 'doctor', 'schema', 'budgets', 'demo-drift'],
    ]) {
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    }
  });

  test.each([
    ['an unknown command', ['aks'], /unknown command 'aks' \(Did you mean ask\?\).*escalier --help/],
    ['an unknown option', ['report', '--tsak', 'x'], /unknown option '--tsak'.*escalier --help/],
    ['a missing option', ['ask', 'why?'], /required option '-t, --task <task>' not specified/],
    ['a number that is none', ['demo', '--queries', 'many'], /'many' is invalid.*whole number/],
    ['a concurrency of nobody', ['batch', 'x', '-o', 'y', '-c', '0'], /'0' is invalid.*at least 1/],
  ])('%s is one line', async (_, args, words) => {
    expectOneLine(await escalier(args), EXIT.usage, words);
  });
});

describe('settings', () => {
  test.each([
    ['an empty chain', task('chain: [], threshold: 0.5'), /:7: tasks\.t\.chain: .*at least one model/],
    [
      'a chain that is not in ascending price order',
      task('chain: [dear, cheap], threshold: 0.5'),
      /:7: tasks\.t\.chain\.1: .*not in ascending price order: cheap \(\$1\.00\) stands after dear \(\$9\.00\).* put the cheaper one first/,
    ],
    [
      'a threshold of 1.2',
      task('chain: [cheap, dear], threshold: 1.2'),
      /:7: tasks\.t\.threshold: .*from 0 to 1/,
    ],
    [
      'a missing price',
      task('chain: [cheap, free], threshold: 0.5').replace(
        '  dear:',
        '  free: { provider: vendor }\n  dear:',
      ),
      /free.*price/,
    ],
    ['an unknown model', task('chain: [cheap, deer], threshold: 0.5'), /"deer".*dear/],
    ['text that is no YAML', 'tasks: [', /is not YAML/],
  ])('%s is one line: file, line, what, how to mend it', async (name, body, words) => {
    const file = await settings(name.replace(/\W+/g, '-'), body);
    const ran = await escalier(['apply', '--settings', file], env);
    expectOneLine(ran, EXIT.usage, words);
    expect(ran.stderr).toContain(file);
  });

  test('a file that is not there', async () => {
    expectOneLine(await escalier(['apply']), EXIT.usage, /escalier\.yaml: there is no such file/);
  });

  test('init writes a file that apply takes, and never over another', async () => {
    const file = join(folder, 'first.yaml');
    expect((await escalier(['init', '--settings', file])).code).toBe(EXIT.ok);
    const own = { ...env, DATABASE_URL: idle.url };
    const applied = await escalier(['--json', 'apply', '--settings', file], own);
    expect(applied).toMatchObject({ code: EXIT.ok, stderr: '' });
    expect(JSON.parse(applied.stdout)).toMatchObject({ applied: [{ version: 1, changed: true }, {}] });
    expectOneLine(await escalier(['init', '--settings', file]), EXIT.usage, /is there already/);
  });
});

describe('budgets', () => {
  test('are applied, told when they change, and shown with what is left', async () => {
    const own = { ...env, DATABASE_URL: (await createDatabase()).url };
    const none = await escalier(['budgets'], own);
    expect(none).toMatchObject({
      code: EXIT.ok,
      stdout: expect.stringMatching(/^No budget has been applied/) as string,
    });

    const lines = (limits: string) =>
      `${task('chain: [cheap, dear], threshold: 0.5, budget: { per_day_usd: 5 }')}tenants: { ${limits} }\n`;
    const file = await settings('budgets', lines('"*": { per_month_usd: 2 }'));
    const applied = await escalier(['apply', '--settings', file], own);
    expect(applied.stderr).toContain('Budget per day of task t: $5, from now on (was not limited).');
    await settings('budgets', lines('acme: { per_month_usd: 3 }'));
    const again = await escalier(['apply', '--settings', file], own);
    expect(again.stderr).toContain('Budget per day of task t: $5, unchanged.');
    expect(again.stderr).toContain('Budget per month of tenant *: not limited from now on (was $2).');

    const shown = await escalier(['budgets'], own);
    expect(shown.stdout).toMatch(/^ *task t +day \d{4}-\d\d-\d\d +\$5\.00 +\$0.* 0 +0 *$/m);
    const { stdout } = await escalier(['--json', 'budgets'], own);
    const { budgets } = JSON.parse(stdout) as { budgets: unknown[] };
    const amounts = { committedUsd: '0', openUsd: '0', knownUsd: '0', reservations: 0, denials: 0 };
    expect(budgets).toMatchObject([
      { scopeKind: 'task', scope: 't', period: 'day', limitUsd: '5', leftUsd: '5', ...amounts },
      { scopeKind: 'tenant', scope: 'acme', period: 'month', limitUsd: '3', leftUsd: '3', ...amounts },
    ]);
  });
});

describe('servers that are not there', () => {
  test('an unreachable database, without its password', async () => {
    const port = await freePort();
    const own = { ...env, DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${port}/db` };
    const ran = await escalier(['report'], own);
    const words = new RegExp(`cannot reach Postgres at postgres://127.0.0.1:${port}/db .*DATABASE_URL`);
    expectOneLine(ran, EXIT.unavailable, words);
    expect(ran.stderr).not.toContain('hunter2');
  });

  test('no database at all', async () => {
    expectOneLine(await escalier(['report']), EXIT.unavailable, /set DATABASE_URL.*escalier up/);
  });

  test('a database that was never migrated', async () => {
    const own = { ...env, DATABASE_URL: inject('databaseUrl') };
    expectOneLine(await escalier(['report'], own), EXIT.usage, /escalier migrate/);
  });

  test.each([
    ['ask', ['ask', '--task', 't', 'why?']],
    ['worker', ['worker', '--settings', 'good.yaml']],
  ])('an unreachable Temporal (%s)', async (_, args) => {
    await settings('good', task('chain: [cheap, dear], threshold: 0.5'));
    const address = `127.0.0.1:${await freePort()}`;
    const ran = await escalier(args, { ...env, VENDOR_KEY: 'x', TEMPORAL_ADDRESS: address });
    expectOneLine(ran, EXIT.unavailable, /Temporal.*escalier up/);
  });

  test.each([
    ['postgres', '--postgres-port'],
    ['temporal', '--temporal-port'],
  ])('a port in use (%s)', async (_, flag) => {
    await settings('good', task('chain: [cheap, dear], threshold: 0.5'));
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const free = flag === '--postgres-port' ? '--temporal-port' : '--postgres-port';
      const args = ['up', '-s', 'good.yaml', flag, String(port), free, String(await freePort())];
      args.push('--temporal-ui-port', String(await freePort()));
      const ran = await escalier(args, { VENDOR_KEY: 'x', ESCALIER_CACHE: cache });
      // What it was about to do is said as well.
      const own = ran.stderr.split('\n').filter((line) => line.startsWith('escalier: '));
      expectOneLine(
        { ...ran, stderr: own.join('\n') },
        EXIT.unavailable,
        new RegExp(`port ${port} is in use .*with ${flag}`),
      );
    } finally {
      server.close();
    }
  });
});

describe('ask', () => {
  const TASK = 'arithmetic-demo';
  const question = () => set.queries[0]!.messages[0]!['content'] as string;

  test('prints the answer alone on standard output', async () => {
    const ran = await escalier(['ask', '--task', TASK, question()], env);
    expect(ran.code, ran.stderr).toBe(EXIT.ok);
    expect(JSON.parse(ran.stdout)).toMatchObject({ answer: set.queries[0]!.reference });
    expect(ran.stderr).toMatch(/accepted: |last-stage: /);
  });

  test('--json prints JSON and nothing else', async () => {
    const ran = await escalier(['ask', '--json', '--task', TASK, question()], env);
    expect(ran).toMatchObject({ code: EXIT.ok, stderr: '' });
    expect(JSON.parse(ran.stdout)).toMatchObject({ task: TASK, accepted: true });
  });

  test('an unknown task', async () => {
    const ran = await escalier(['ask', '--task', 'arithmetics', question()], env);
    const own = { ...ran, stderr: ran.stderr.replace(/^Query .*\n/, '') };
    expectOneLine(
      own,
      EXIT.usage,
      /unknown-task: there is no task "arithmetics" \(there are: arithmetic-demo\)/,
    );
    const json = await escalier(['--json', 'ask', '--task', 'arithmetics', question()], env);
    expect(json.code).toBe(EXIT.usage);
    expect(JSON.parse(json.stdout)).toMatchObject({ code: 'unknown-task', costUsd: '0' });
  });

  test.each([
    ['a limit that is no amount', ['--max-cost', 'a lot'], EXIT.usage, /bad-request: .*maxCostUsd/],
    ['a request file that is not there', ['--request', 'nowhere.json'], EXIT.usage, /nowhere\.json/],
  ])('%s', async (_, args, code, words) => {
    expectOneLine(await escalier(['ask', '--task', TASK, question(), ...args], env), code, words);
  });

  test('no question', async () => {
    expectOneLine(await escalier(['ask', '--task', TASK, ' '], env), EXIT.usage, /there is no question/);
  });

  test('a payload key that is none', async () => {
    const ran = await escalier(['ask', '--task', TASK, question()], {
      ...env,
      ESCALIER_PAYLOAD_KEY: 'secret!',
    });
    expectOneLine(ran, EXIT.usage, /ESCALIER_PAYLOAD_KEY/);
    expect(ran.stderr).not.toContain('secret!');
  });

  test('a key used for another request', async () => {
    const args = ['ask', '--task', TASK, '--key', 'mine'];
    expect((await escalier([...args, question()], env)).code).toBe(EXIT.ok);
    const ran = await escalier([...args, 'Something else?'], env);
    expectOneLine(ran, EXIT.noAnswer, /key-conflict: the idempotency key "mine" was used/);
  });
});

describe('doctor', () => {
  test('names what is missing, and how to mend it', async () => {
    await settings('good', task('chain: [cheap, dear], threshold: 0.5'));
    const own = { TEMPORAL_ADDRESS: `127.0.0.1:${await freePort()}` };
    const ran = await escalier(['doctor', '-s', 'good.yaml'], own);
    expect(ran.code).not.toBe(EXIT.ok);
    expect(ran.stdout).toMatch(/key of .*set VENDOR_KEY/);
    expect(ran.stdout).toMatch(/Postgres: .*escalier up.*DATABASE_URL/);
    expect(ran.stdout).toMatch(/Temporal: .*TEMPORAL_ADDRESS/);
    expect(ran.stdout.match(/Node/i)).not.toBeNull();
  });

  test('finds nothing missing where all is there', async () => {
    await settings('good', task('chain: [cheap, dear], threshold: 0.5'));
    const ran = await escalier(['--json', 'doctor', '-s', 'good.yaml'], { ...env, VENDOR_KEY: 'x' });
    const { findings } = JSON.parse(ran.stdout) as { findings: { what: string; state: string }[] };
    expect(findings.filter(({ state }) => state === 'missing')).toEqual([]);
    expect(ran.code).toBe(EXIT.ok);
  });
});

describe('report', () => {
  test('of a ledger in which nothing was asked', async () => {
    const own = { ...env, DATABASE_URL: idle.url };
    expect(await escalier(['report'], own)).toMatchObject({
      code: EXIT.ok,
      stdout: 'No query has been asked yet in this range.\n',
      stderr: '',
    });
    const json = await escalier(['--json', 'report'], own);
    expect(JSON.parse(json.stdout)).toEqual({ tasks: [] });
  });

  test('a date that is none', async () => {
    const ran = await escalier(['report', '--since', 'yesterday-ish'], env);
    expectOneLine(ran, EXIT.usage, /--since yesterday-ish: expected a date/);
  });
});
