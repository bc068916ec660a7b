import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packageFolder } from '../../cli/package-folder.ts';
import { freePort } from '../../local/ports.ts';
import { baseUrlOf, MODELS, PROFILES, type Profile } from './profiles.ts';

export type Peer = 'litellm' | 'portkey' | 'dbos';

/** What callers show to LiteLLM. It guards nothing: the gateway listens on loopback, for this run. */
export const GATEWAY_KEY = 'sk-bench';

/** LiteLLM imports for ten seconds on an idle core. */
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 10_000;

export function peerFolder(peer: Peer): string {
  return join(packageFolder(), 'bench', 'peers', peer);
}

/**
 * Installs a peer from its lock file, where it is not yet installed.
 * @throws {Error} one line that says why it cannot be.
 */
export async function installPeer(peer: Peer, say: (line: string) => void): Promise<void> {
  const folder = peerFolder(peer);
  if (existsSync(join(folder, peer === 'litellm' ? '.venv/bin/litellm' : 'node_modules'))) return;
  say(`installing ${peer} into bench/peers/${peer}`);
  const run = (command: string, ...args: string[]) => promisify(execFile)(command, args, { cwd: folder });
  try {
    if (peer === 'litellm') {
      await run('python3', '-m', 'venv', '.venv');
      await run('.venv/bin/pip', 'install', '--quiet', '--only-binary', ':all:', '-r', 'requirements.txt');
    } else {
      await run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
    }
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    throw new Error(`it cannot be installed: ${(stderr || message).trim().split('\n').at(-1) ?? ''}`, {
      cause: error,
    });
  }
}

export interface Gateway {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a gateway on a free loopback port, and waits until it listens. It gets nothing of our environment. */
export async function startGateway(
  peer: 'litellm' | 'portkey',
  folder: string,
  upstreamUrl: string,
): Promise<Gateway> {
  const port = await freePort();
  const command = peer === 'litellm' ? await litellm(folder, port, upstreamUrl) : portkey(port);
  const logFile = join(folder, `${peer}.log`);
  const log = await open(logFile, 'a');
  const child = spawn(command.file, command.args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, ...command.env },
    stdio: ['ignore', log.fd, log.fd],
  });
  await log.close();
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const url = `http://127.0.0.1:${port}`;
  try {
    await untilItAnswers(child, `${url}${command.health}`);
  } catch (error) {
    kill();
    throw new Error(
      `it does not start: ${error instanceof Error ? error.message : ''}; ${await lastLine(logFile)}`,
      { cause: error },
    );
  }
  return { url: `${url}/v1`, pid: child.pid ?? 0, stop: () => end(child) };
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly health: string;
}

async function litellm(folder: string, port: number, upstreamUrl: string): Promise<Command> {
  const config = join(folder, 'litellm.yaml');
  const profiles = Object.keys(PROFILES) as Profile[];
  const models = profiles.flatMap((profile) =>
    MODELS.map((model) => ({
      model_name: `${model}-${profile}`,
      litellm_params: {
        model: `openai/${model}`,
        api_base: baseUrlOf(upstreamUrl, profile),
        api_key: 'none',
        max_retries: 0,
      },
    })),
  );
  // JSON is YAML.
  await writeFile(config, JSON.stringify({ model_list: models, litellm_settings: { telemetry: false } }));
  return {
    file: join(peerFolder('litellm'), '.venv', 'bin', 'litellm'),
    args: ['--config', config, '--host', '127.0.0.1', '--port', String(port), '--num_workers', '1'],
    env: {
      // It starts with a key only.
      LITELLM_MASTER_KEY: GATEWAY_KEY,
      // Its price map would be fetched from the network.
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
      LITELLM_LOG: 'ERROR',
    },
    health: '/health/liveliness',
  };
}

function portkey(port: number): Command {
  const entry = join(
    peerFolder('portkey'),
    'node_modules',
    '@portkey-ai',
    'gateway',
    'build',
    'start-server.js',
  );
  return {
    file: process.execPath,
    args: [entry, `--port=${port}`, '--headless'],
    // It forwards to loopback addresses only where they are named.
    env: { TRUSTED_CUSTOM_HOSTS: '127.0.0.1,localhost' },
    health: '/',
  };
}

async function untilItAnswers(child: ChildProcess, url: string): Promise<void> {
  const givesUpAt = Date.now() + READY_WITHIN_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const answered = await fetch(url).then(
      (response) => response.ok,
      () => false,
    );
    if (answered) return;
    if (Date.now() > givesUpAt) throw new Error('it was not ready in time');
    await sleep(100);
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
  await exited;
  clearTimeout(timer);
}

async function lastLine(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split('\n').at(-1) ?? '';
}
