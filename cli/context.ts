import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseKeys, type PayloadKeys } from '../codec/keys.ts';
import { cacheFolder, dataFolder, type Environment } from '../local/data-folder.ts';
import { createScorerRegistry, type ScorerKind, type ScorerRegistry } from '../scorers/index.ts';
import { CliError, EXIT } from './exit.ts';
import { parseMetricsAddress, type MetricsAddress } from '../worker/metrics-server.ts';
import { readRunningStack } from './running-stack.ts';

/** What a command is run with. The one place, beside `main.ts`, that knows the environment's variables. */
export interface Context {
  readonly env: Environment;
  readonly json: boolean;
  /** Whether somebody is watching: progress bars and questions only then. */
  readonly interactive: boolean;
  /** Results. */
  readonly out: (text: string) => void;
  /** Progress and remarks. */
  readonly say: (text: string) => void;
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal;
  readonly dataFolder: string;
  readonly cacheFolder: string;
}

export function createContext(env: Environment, json: boolean, signal: AbortSignal): Context {
  const account = { env, uid: process.getuid?.() ?? null, home: homedir() };
  return {
    env,
    json,
    interactive: process.stdout.isTTY && process.stderr.isTTY && !json,
    out: (text) => void process.stdout.write(`${text}\n`),
    say: (text) => {
      if (!json) process.stderr.write(`${text}\n`);
    },
    signal,
    dataFolder: dataFolder(account),
    cacheFolder: cacheFolder(account),
  };
}

export interface Servers {
  readonly databaseUrl: string | null;
  readonly temporalAddress: string;
  readonly namespace: string;
  /** Where the UI is, when the local stack runs. */
  readonly uiUrl: string | null;
}

/** The environment's servers, else those of a running `escalier up`, else Temporal's usual address. */
export async function servers(context: Context): Promise<Servers> {
  const { env } = context;
  const running = await readRunningStack(context.dataFolder);
  return {
    databaseUrl: env['DATABASE_URL'] || (running?.databaseUrl ?? null),
    temporalAddress: env['TEMPORAL_ADDRESS'] || (running?.temporalAddress ?? 'localhost:7233'),
    namespace: env['TEMPORAL_NAMESPACE'] || 'default',
    uiUrl: running?.uiUrl ?? null,
  };
}

/** What Temporal Cloud asks for: an API key, which needs TLS. TEMPORAL_TLS alone is for a cluster with TLS and no key. */
export function temporalCredentials(context: Context): { apiKey?: string; tls?: true } {
  const apiKey = context.env['TEMPORAL_API_KEY'];
  if (apiKey) return { apiKey, tls: true };
  return context.env['TEMPORAL_TLS'] === 'true' ? { tls: true } : {};
}

export async function requireDatabaseUrl(context: Context): Promise<string> {
  const { databaseUrl } = await servers(context);
  if (databaseUrl !== null) return databaseUrl;
  throw new CliError(
    'no database is known: set DATABASE_URL (postgres://user:password@host/database), or start one with "escalier up"',
    EXIT.unavailable,
  );
}

/** The payload keys of ESCALIER_PAYLOAD_KEY, or null when encryption is off. */
export function payloadKeys(context: Context): PayloadKeys | null {
  const text = context.env['ESCALIER_PAYLOAD_KEY'];
  if (!text) return null;
  try {
    return parseKeys(text);
  } catch (error) {
    throw new CliError(messageOf(error), EXIT.usage, error);
  }
}

/** Where a worker's metrics are served: by the option on this machine, else by ESCALIER_METRICS; null for nowhere. */
export function metricsAddress(context: Context, port: number | undefined): MetricsAddress | null {
  const text = port === undefined ? context.env['ESCALIER_METRICS'] : String(port);
  if (!text) return null;
  try {
    return parseMetricsAddress(text);
  } catch (error) {
    throw new CliError(messageOf(error), EXIT.usage, error);
  }
}

/** The built-in scorers, and those of a module that exports `scorers: ScorerKind[]`. */
export async function scorerRegistry(modulePath: string | undefined): Promise<ScorerRegistry> {
  if (modulePath === undefined) return createScorerRegistry();
  try {
    const module = (await import(pathToFileURL(resolve(modulePath)).href)) as {
      scorers?: readonly ScorerKind[];
    };
    if (!Array.isArray(module.scorers)) throw new Error('it exports no array "scorers"');
    return createScorerRegistry(module.scorers);
  } catch (error) {
    throw new CliError(`--scorers ${modulePath}: ${messageOf(error)}`, EXIT.usage, error);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
