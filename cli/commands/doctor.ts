import { access } from 'node:fs/promises';
import proto from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../../core/search-attributes.ts';
import { openDatabase, requireDatabase } from '../../ledger/database.ts';
import { schemaProblem } from '../../ledger/migrate.ts';
import { findInstalledTemporal } from '../../local/temporal-binary.ts';
import { TASK_QUEUE } from '../../core/temporal-names.ts';
import { connectionProblem, missingKey } from '../../worker/index.ts';
import {
  messageOf,
  payloadKeys,
  servers,
  temporalCredentials,
  type Context,
  type Servers,
} from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

interface Finding {
  readonly what: string;
  /** `note` is worth knowing and keeps nothing from working. */
  readonly state: 'ok' | 'missing' | 'note';
  readonly detail: string;
}

/** What is missing, and how to mend it. Changes nothing, asks no model. */
export async function doctorCommand(context: Context, options: SettingsOptions): Promise<void> {
  const known = await servers(context);
  const findings = [
    checkNode(),
    ...(await checkSettings(context, options)),
    ...(await checkDatabase(known)),
    ...(await checkTemporal(context, known)),
    await checkBinary(context),
    checkCodec(context),
  ];
  const missing = findings.filter(({ state }) => state === 'missing');
  if (context.json) context.out(JSON.stringify({ findings }));
  else for (const { what, state, detail } of findings) context.out(`${MARKS[state]} ${what}: ${detail}`);
  if (missing.length > 0) {
    throw new CliError(`${missing.length} of ${findings.length} checks found something missing`, EXIT.usage);
  }
}

const MARKS = { ok: 'ok     ', missing: 'MISSING', note: 'note   ' } as const;

function checkNode(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major > 20 || (major === 20 && minor >= 19);
  const advice = fits ? '' : ': install Node 20.19 or later';
  return { what: 'Node', state: fits ? 'ok' : 'missing', detail: `${process.versions.node}${advice}` };
}

async function checkSettings(context: Context, options: SettingsOptions): Promise<Finding[]> {
  try {
    await access(options.settings);
  } catch {
    return [
      {
        what: 'settings',
        state: 'missing',
        detail: `${options.settings} is not there: "escalier init" writes one`,
      },
    ];
  }
  try {
    const { settings } = await readSettings(options);
    const tasks = settings.policies.map(({ task }) => task).join(', ');
    const found: Finding = {
      what: 'settings',
      state: 'ok',
      detail: `${options.settings}: tasks ${tasks || '(none)'}`,
    };
    const keys = [...settings.providers.values()].map((provider): Finding => {
      const problem = missingKey(provider, context.env);
      const there = provider.keyEnv === null ? 'needs no key' : `${provider.keyEnv} is set, or not needed`;
      return {
        what: `key of ${provider.title}`,
        state: problem === null ? 'ok' : 'missing',
        detail: problem ?? there,
      };
    });
    return [found, ...keys];
  } catch (error) {
    return messageOf(error)
      .split('\n')
      .map((detail) => ({ what: 'settings', state: 'missing', detail }));
  }
}

async function checkDatabase({ databaseUrl }: Servers): Promise<Finding[]> {
  if (databaseUrl === null) {
    return [
      { what: 'Postgres', state: 'missing', detail: 'none is known: run "escalier up", or set DATABASE_URL' },
    ];
  }
  const pool = openDatabase({ url: databaseUrl, connections: 1 });
  try {
    await requireDatabase(pool, databaseUrl);
    const problem = await schemaProblem(pool);
    return [
      { what: 'Postgres', state: 'ok', detail: 'can be reached' },
      { what: 'schema', state: problem === null ? 'ok' : 'missing', detail: problem ?? 'is up to date' },
    ];
  } catch (error) {
    return [{ what: 'Postgres', state: 'missing', detail: messageOf(error) }];
  } finally {
    await pool.end();
  }
}

async function checkTemporal(
  context: Context,
  { temporalAddress: address, namespace }: Servers,
): Promise<Finding[]> {
  let connection: NativeConnection;
  try {
    connection = await NativeConnection.connect({ address, ...temporalCredentials(context) });
  } catch (error) {
    const detail = `cannot be reached at ${address} (${connectionProblem(error)}): run "escalier up", or set TEMPORAL_ADDRESS`;
    return [{ what: 'Temporal', state: 'missing', detail }];
  }
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const absent = Object.values(SEARCH_ATTRIBUTES).filter(({ name }) => !(name in customAttributes));
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace,
      taskQueue: { name: TASK_QUEUE },
      taskQueueType: proto.temporal.api.enums.v1.TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
    });
    return [
      { what: 'Temporal', state: 'ok', detail: `can be reached at ${address}` },
      {
        what: 'search attributes',
        state: absent.length === 0 ? 'ok' : 'note',
        detail: absent.length === 0 ? 'are registered' : 'are not registered yet: a worker’s start does it',
      },
      {
        what: 'workers',
        state: pollers.length > 0 ? 'ok' : 'missing',
        detail:
          pollers.length > 0
            ? `${pollers.length} on task queue ${TASK_QUEUE}`
            : 'none runs: "escalier worker" starts one',
      },
    ];
  } catch (error) {
    return [{ what: 'Temporal', state: 'missing', detail: messageOf(error) }];
  } finally {
    await connection.close();
  }
}

async function checkBinary(context: Context): Promise<Finding> {
  const found = await findInstalledTemporal({ env: context.env, cacheFolder: context.cacheFolder });
  return {
    what: 'Temporal binary',
    state: found === null ? 'note' : 'ok',
    detail: found ?? 'is not here yet: "escalier up" downloads it, or builds it with Go',
  };
}

function checkCodec(context: Context): Finding {
  try {
    const keys = payloadKeys(context);
    return {
      what: 'encryption',
      state: keys === null ? 'note' : 'ok',
      detail:
        keys === null
          ? 'off: set ESCALIER_PAYLOAD_KEY to encrypt histories and texts'
          : `on, with the key ${keys.sealing.id}`,
    };
  } catch (error) {
    return { what: 'encryption', state: 'missing', detail: messageOf(error) };
  }
}
