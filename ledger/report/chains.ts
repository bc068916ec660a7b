import type { PolicyModel } from '../../core/policy.ts';
import type { Queryable } from '../database.ts';

export interface Chain {
  readonly task: string;
  readonly version: number;
  readonly chain: readonly PolicyModel[];
  /** Whether its queries are audited. */
  readonly audited: boolean;
}

/** The chains of every policy version, of one task or of all, newest version first. */
export async function chainsOf(db: Queryable, task: string | undefined): Promise<Chain[]> {
  const { rows } = await db.query<Chain>({
    name: 'report-chains',
    text: `select task, version, policy -> 'chain' as chain, policy ? 'audit' as audited from policies
           where task = $1 or $1::text is null order by task, version desc`,
    values: [task ?? null],
  });
  return rows;
}
