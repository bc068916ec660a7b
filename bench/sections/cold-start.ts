import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figureOf, type Figure } from '../run/statistics.ts';

/** Seconds until `escalier up` says that it is up. */
export interface ColdStart {
  /** On an empty data folder: Postgres makes its cluster. */
  readonly firstSeconds: number;
  /** On one that it has used before. */
  readonly laterSeconds: Figure;
  /** With encryption, which has a bundle of its own. */
  readonly encryptedSeconds: Figure;
}

const READY_WITHIN_MS = 120_000;
const SETTINGS = `
providers:
  local: { kind: openai-compatible, base_url: "http://127.0.0.1:9/v1" }
models:
  small: { provider: local, id: small, price: { input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.4 } }
tasks:
  question: { chain: [small], answer: number, scorer: agreement, threshold: 0.6 }
`;

/** Each start in turn on one data folder. */
export async function measureColdStart(rounds: number): Promise<ColdStart> {
  const folder = await mkdtemp(join(tmpdir(), 'escalier-bench-up-'));
  await chmod(folder, 0o755);
  try {
    const settings = join(folder, 'escalier.yaml');
    await writeFile(settings, SETTINGS);
    const firstSeconds = await start(folder, settings, {});
    const later: number[] = [];
    const encrypted: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      later.push(await start(folder, settings, {}));
      encrypted.push(await start(folder, settings, { ESCALIER_PAYLOAD_KEY: EXAMPLE_KEY }));
    }
    return { firstSeconds, laterSeconds: figureOf(later), encryptedSeconds: figureOf(encrypted) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Below those that the system hands out, some of which Temporal takes for itself while it starts. */
const PORTS = { '--postgres-port': 25_432, '--temporal-port': 27_233, '--temporal-ui-port': 28_233 };

/** 32 bytes that guard nothing. */
const EXAMPLE_KEY = Buffer.alloc(32, 1).toString('base64');

async function start(folder: string, settings: string, env: NodeJS.ProcessEnv): Promise<number> {
  const main = fileURLToPath(new URL('../../cli/main.js', import.meta.url));
  const flags = Object.entries(PORTS).flatMap(([flag, port]) => [flag, String(port)]);
  const begun = performance.now();
  const child = spawn(process.execPath, [main, '--json', 'up', '--settings', settings, ...flags], {
    env: {
      ...process.env,
      DATABASE_URL: '',
      TEMPORAL_ADDRESS: '',
      ESCALIER_HOME: join(folder, 'home'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString()).slice(-2_000);
  });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => {
    throw new Error(`escalier up ended with ${String(code)}: ${words.trim()}`);
  });
  ended.catch(() => undefined);
  try {
    await Promise.race([once(child.stdout, 'data', { signal: AbortSignal.timeout(READY_WITHIN_MS) }), ended]);
    return (performance.now() - begun) / 1_000;
  } finally {
    child.kill('SIGINT');
    await exited;
  }
}
