import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import pg from 'pg';
import { inTransaction, type Queryable } from './database.ts';

/** Prompts and responses. Tables of later versions that hold any end in `_texts` too, and so are never granted. */
const NO_TEXTS = `c.relname <> 'texts' and c.relname not like '%\\_texts'`;

/** A database may have several readers. This setting of a role in a database marks it, so that `migrate` finds it again. */
const MARK = 'escalier.reader';

const SETTINGS = {
  default_transaction_read_only: 'on',
  // A snapshot that is held for long keeps Postgres from cleaning up, and months from being dropped.
  statement_timeout: '5min',
  idle_in_transaction_session_timeout: '5min',
  [MARK]: 'on',
};

export class ReaderProblem extends Error {
  override readonly name = 'ReaderProblem';
}

export interface ReaderGrant {
  readonly created: boolean;
  /** Tables and views that the role can read now. */
  readonly tables: readonly string[];
}

/**
 * Lets a role read every table and view of the ledger that holds no text, and nothing else of it; repeatable. Partitions
 * are read through their parents, so new months need no grant. Not by default privileges: those would reach the partitions
 * of `texts` too. `migrate` renews the grant for tables that it makes.
 * @param create makes the role, with login; `password` null leaves it without one.
 * @throws {ReaderProblem} where the role is missing or there already, or could read texts or write in spite of the grant.
 */
export async function grantReader(
  pool: pg.Pool,
  role: string,
  create: { readonly password: string | null } | null,
): Promise<ReaderGrant> {
  return inTransaction(pool, async (db) => {
    const exists = await roleExists(db, role);
    if (create === null && !exists) {
      throw new ReaderProblem(`there is no role "${role}": add --create, or create it first`);
    }
    if (create !== null && exists)
      throw new ReaderProblem(`the role "${role}" is there already: leave out --create`);
    const name = pg.escapeIdentifier(role);
    if (create !== null) {
      const password =
        create.password === null ? '' : ` password ${pg.escapeLiteral(scramVerifier(create.password))}`;
      await db.query({ text: `create role ${name} login${password}` });
    }
    const { rows } = await db.query<{ name: string }>({ text: 'select current_database() as name' });
    const database = pg.escapeIdentifier(rows[0]?.name ?? '');
    await db.query({ text: `grant connect on database ${database} to ${name}` });
    for (const [setting, value] of Object.entries(SETTINGS)) {
      await db.query({
        text: `alter role ${name} in database ${database} set ${setting} = ${pg.escapeLiteral(value)}`,
      });
    }
    const tables = await grantTables(db, role);
    const more = await privilegesBeyond(db, role);
    if (more.length > 0) {
      throw new ReaderProblem(
        `the role "${role}" has more than a reader's rights (${more.join(', ')}): it is a superuser, owns the ledger or is a member of a role that has them; use a role of its own`,
      );
    }
    return { created: create !== null, tables };
  });
}

/** Grants the tables that migrations have made since to every reader of this database. */
export async function renewReaders(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ role: string }>({
    text: `select r.rolname as role from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
           join pg_database d on d.oid = s.setdatabase
           where d.datname = current_database() and $1 = any(s.setconfig) order by role`,
    values: [`${MARK}=on`],
  });
  for (const { role } of rows) await grantTables(db, role);
  return rows.map(({ role }) => role);
}

async function roleExists(db: Queryable, role: string): Promise<boolean> {
  const { rows } = await db.query({ text: 'select from pg_roles where rolname = $1', values: [role] });
  return rows.length > 0;
}

async function grantTables(db: Queryable, role: string): Promise<string[]> {
  const { rows } = await db.query<{ schema: string; name: string }>({
    text: `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
           where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'm') and not c.relispartition
             and ${NO_TEXTS} order by name`,
  });
  const schema = pg.escapeIdentifier(rows[0]?.schema ?? 'public');
  const name = pg.escapeIdentifier(role);
  await db.query({ text: `grant usage on schema ${schema} to ${name}` });
  await db.query({ text: `revoke all on all tables in schema ${schema} from ${name}` });
  const tables = rows.map((row) => `${schema}.${pg.escapeIdentifier(row.name)}`);
  await db.query({ text: `grant select on ${tables.join(', ')} to ${name}` });
  return rows.map((row) => row.name);
}

/** What the role may do that a reader must not, whatever gave it the right. */
async function privilegesBeyond(db: Queryable, role: string): Promise<string[]> {
  const { rows } = await db.query<{ more: string }>({
    text: `select c.relname || ': ' || p.privilege as more
           from pg_class c join pg_namespace n on n.oid = c.relnamespace,
             unnest(array['select', 'insert', 'update', 'delete', 'truncate']) as p (privilege)
           where n.nspname = current_schema() and c.relkind in ('r', 'p', 'v', 'm')
             and has_table_privilege($1::name, c.oid, p.privilege)
             and (p.privilege <> 'select' or not (${NO_TEXTS}) or c.relname like 'texts\\_%')
           order by more limit 3`,
    values: [role],
  });
  return rows.map(({ more }) => more);
}

/** RFC 5803's form of a password, as Postgres stores it: the password itself then stands in no statement and no log. */
function scramVerifier(password: string): string {
  if (!/^[\x21-\x7e]{8,}$/.test(password)) {
    throw new ReaderProblem("the reader's password must be at least 8 printable ASCII characters, no spaces");
  }
  const ITERATIONS = 4096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
  const keyOf = (name: string): Buffer => createHmac('sha256', salted).update(name).digest();
  const stored = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${ITERATIONS}:${salt.toString('base64')}$${stored}:${keyOf('Server Key').toString('base64')}`;
}
