/** Vitest's global set-up: one Postgres and one Temporal for all test files, real ones, on free ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { SEARCH_ATTRIBUTE_TYPES } from '../../core/search-attributes.ts';
import { migrate } from '../../ledger/migrate.ts';
import { cacheFolder } from '../../local/data-folder.ts';
import { freePort } from '../../local/ports.ts';
import { startStack } from '../../local/stack.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A database server's URL, to make databases of one's own on. */
    databaseUrl: string;
    temporalAddress: string;
  }
}

/** A migrated database that test files copy. */
export const TEMPLATE = 'escalier_template';

export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'escalier-test-'));
  const [postgres, temporal] = [await freePort(), await freePort()];
  const stack = await startStack({
    dataFolder: folder,
    cacheFolder: cacheFolder({ env: process.env, uid: userInfo().uid, home: homedir() }),
    env: { ...process.env, DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined },
    ports: { postgres, temporal, temporalUi: null },
    searchAttributes: SEARCH_ATTRIBUTE_TYPES,
    inMemoryTemporal: true,
    onProgress: (message) => {
      console.log(message);
    },
  });
  const admin = new pg.Client({ connectionString: stack.databaseUrl });
  await admin.connect();
  await admin.query(`create database ${TEMPLATE}`);
  await admin.end();
  await migrate(databaseUrlOf(stack.databaseUrl, TEMPLATE));
  project.provide('databaseUrl', stack.databaseUrl);
  project.provide('temporalAddress', stack.temporalAddress);

  return async () => {
    await stack.stop();
    if (project.vitest.state.getCountOfFailedTests() > 0) {
      console.log(`The data of the failed tests is kept in ${folder}`);
    } else {
      await rm(folder, { recursive: true, force: true });
    }
  };
}

export function databaseUrlOf(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.toString();
}
