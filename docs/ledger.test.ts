import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { useDatabase } from '../test/support/database.ts';

const pages = await Promise.all(
  ['ledger.md', 'budgets.md', 'quality.md'].map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
);
const page = pages.join('\n');
const queries = [...page.matchAll(/^### (.+)\n[^]*?^```sql\n([^]*?)^```$/gm)].map(
  ([, title = '', sql = '']) => ({ title, sql }),
);
const blocks = [...page.matchAll(/^```sql$/gm)].length;
const database = useDatabase();

describe('the queries of docs/ledger.md, docs/budgets.md and docs/quality.md', () => {
  test('are found, each under a heading of its own', () => {
    expect(queries.length).toBeGreaterThanOrEqual(10);
    expect(queries).toHaveLength(blocks);
  });

  test.each(queries)('run on the schema: $title', async ({ sql }) => {
    // Read-only: an example that changed the ledger would be copied and run.
    const client = await database.pool.connect();
    try {
      await client.query('begin read only');
      const { fields } = await client.query(sql);
      expect(fields.length).toBeGreaterThan(0);
      expect(new Set(fields.map(({ name }) => name)).size).toBe(fields.length);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});
