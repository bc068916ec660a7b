import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import pg from 'pg';
import { makePartitions } from './partitions.ts';
import { withPatience } from './patience.ts';
import { renewReaders } from './reader.ts';

/** Applied migrations (kept by node-pg-migrate) and the hashes of their files (kept by us). */
const APPLIED = 'escalier_migrations';
const HASHES = 'escalier_migration_hashes';

/** A migration's file name. The resulting schema and whatever else lies beside them is none. */
const MIGRATION_FILE = String.raw`\d+_.*\.sql`;

interface MigrationFile {
  readonly name: string;
  readonly sha256: string;
}

/**
 * Brings a database to this version's schema and makes its partitions. Safe when several processes start at once: the
 * others wait for the first.
 * @returns the names of the migrations that this call applied.
 * @throws {Error} when an applied file was edited, or when the database is newer than this code.
 */
export async function migrate(databaseUrl: string, folder: string = migrationsFolder()): Promise<string[]> {
  const files = await readMigrations(folder);
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'escalier migrate' });
  await client.connect();
  try {
    await requireUnedited(client, files);
    const applied = await runner({
      dbClient: client,
      dir: folder,
      ignorePattern: `(?!${MIGRATION_FILE}$).*`,
      direction: 'up',
      migrationsTable: APPLIED,
      advisoryLockMode: 'wait',
      checkOrder: true,
      logger: { info: ignore, debug: ignore, warn: ignore, error: ignore },
    });
    await recordHashes(client, files);
    await withPatience(() => makePartitionsAtOnce(client));
    await renewReaders(client);
    return applied.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

async function makePartitionsAtOnce(client: pg.Client): Promise<void> {
  await client.query('begin');
  try {
    await makePartitions(client);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** What keeps a database from being used by this code, in one line, or null. */
export async function schemaProblem(
  pool: pg.Pool,
  folder: string = migrationsFolder(),
): Promise<string | null> {
  const files = await readMigrations(folder);
  const applied = await appliedNames(pool);
  const newer = applied.find((name) => !files.some((file) => file.name === name));
  if (newer !== undefined) return newerMessage(newer);
  const missing = files.find((file) => !applied.includes(file.name));
  return missing === undefined
    ? null
    : `the database lacks the migration ${missing.name}: run "escalier migrate" with the same DATABASE_URL`;
}

async function requireUnedited(client: pg.Client, files: readonly MigrationFile[]): Promise<void> {
  const applied = await appliedNames(client);
  const newer = applied.find((name) => !files.some((file) => file.name === name));
  if (newer !== undefined) throw new Error(newerMessage(newer));
  if (!(await tableExists(client, HASHES))) return;
  const { rows } = await client.query<MigrationFile>(`select name, sha256 from ${HASHES}`);
  for (const { name, sha256 } of rows) {
    const file = files.find((candidate) => candidate.name === name);
    if (file !== undefined && file.sha256 !== sha256) {
      throw new Error(
        `migration ${name} was edited after it was applied: restore the file, and put the change into a new migration`,
      );
    }
  }
}

function newerMessage(name: string): string {
  return `the database has the migration ${name}, which this version does not know: install the newer version of escalier`;
}

async function recordHashes(client: pg.Client, files: readonly MigrationFile[]): Promise<void> {
  await client.query(
    `insert into ${HASHES} (name, sha256) select * from unnest($1::text[], $2::text[]) on conflict (name) do nothing`,
    [files.map((file) => file.name), files.map((file) => file.sha256)],
  );
}

async function appliedNames(client: pg.Client | pg.Pool): Promise<string[]> {
  if (!(await tableExists(client, APPLIED))) return [];
  const { rows } = await client.query<{ name: string }>(`select name from ${APPLIED} order by id`);
  return rows.map((row) => row.name);
}

async function tableExists(client: pg.Client | pg.Pool, name: string): Promise<boolean> {
  const { rows } = await client.query<{ found: boolean }>('select to_regclass($1) is not null as found', [
    name,
  ]);
  return rows[0]?.found === true;
}

async function readMigrations(folder: string): Promise<MigrationFile[]> {
  const names = (await readdir(folder)).filter((name) => new RegExp(`^${MIGRATION_FILE}$`).test(name)).sort();
  return Promise.all(
    names.map(async (name) => ({
      name: name.replace(/\.sql$/, ''),
      sha256: createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex'),
    })),
  );
}

/** The project's `migrations/`, from the source tree as from `dist/`. */
function migrationsFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'migrations'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the folder migrations/ is missing from this installation');
    folder = parent;
  }
  return join(folder, 'migrations');
}

function ignore(): void {
  // node-pg-migrate prints every statement; what was applied is returned instead, and errors are thrown.
}
