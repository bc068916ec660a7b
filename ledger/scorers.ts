import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { canonicalJson } from '../core/canonical-json.ts';
import { sha256 } from '../core/request-hash.ts';
import type { Queryable } from './database.ts';

const compress = promisify(gzip);
const expand = promisify(gunzip);

/** Keeps what a scorer was learned as, once; returns its content hash. It is never changed and never removed. */
export async function keepScorer(db: Queryable, task: string, artifact: unknown): Promise<string> {
  const text = canonicalJson(artifact);
  const hash = sha256(text);
  await db.query({
    name: 'keep-scorer',
    text: `insert into scorers (sha256, task, content, size_bytes) values ($1, $2, $3, $4)
           on conflict (sha256) do nothing`,
    values: [hash, task, await compress(text), Buffer.byteLength(text)],
  });
  return hash;
}

/** What a scorer was learned as, by its content hash; null where this ledger has none. */
export async function readScorer(db: Queryable, hash: string): Promise<unknown> {
  const { rows } = await db.query<{ content: Buffer }>({
    name: 'read-scorer',
    text: 'select content from scorers where sha256 = $1',
    values: [hash],
  });
  const [row] = rows;
  return row === undefined ? null : JSON.parse((await expand(row.content)).toString('utf8'));
}
