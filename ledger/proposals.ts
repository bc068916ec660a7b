import type pg from 'pg';
import type { Proposal, ProposalContent } from '../core/proposal.ts';
import { inTransaction, onlyRow, type Queryable } from './database.ts';
import { keepScorer } from './scorers.ts';

const COLUMNS = `proposal_id as "proposalId", task, input_sha256 as "inputSha256", created_at as "createdAt",
  current_version as "currentVersion", decision, reason, evidence, policy, promoted_version as "promotedVersion"`;

/**
 * Keeps a proposal with its scorer, once: where there is one of the same evidence already, that one stays as it is.
 * @param artifact what the policy's scorer was learned as; null where nothing was learned.
 */
export async function keepProposal(
  pool: pg.Pool,
  content: ProposalContent,
  artifact: unknown,
): Promise<Proposal> {
  return inTransaction(pool, async (db) => {
    const { task, inputSha256, currentVersion, decision, reason, evidence, policy } = content;
    const scorer = policy === null ? null : await keepScorer(db, task, artifact);
    await db.query({
      name: 'keep-proposal',
      text: `insert into proposals (task, input_sha256, current_version, decision, reason, evidence, policy, scorer_sha256)
             values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (task, input_sha256) do nothing`,
      values: [
        ...[task, inputSha256, currentVersion, decision, reason],
        ...[JSON.stringify(evidence), policy === null ? null : JSON.stringify(policy), scorer],
      ],
    });
    const kept = await proposalOfInput(db, task, inputSha256);
    return onlyRow(kept === null ? [] : [kept], `the proposal of task ${task}`);
  });
}

/** What the same evidence has come to before; null where it is new. */
export async function proposalOfInput(
  db: Queryable,
  task: string,
  inputSha256: string,
): Promise<Proposal | null> {
  const { rows } = await db.query<Proposal>({
    name: 'proposal-of-input',
    text: `select ${COLUMNS} from proposals where task = $1 and input_sha256 = $2`,
    values: [task, inputSha256],
  });
  return rows[0] ?? null;
}

/** Null where there is none of this id. */
export async function proposalById(db: Queryable, proposalId: string): Promise<Proposal | null> {
  const { rows } = await db.query<Proposal>({
    name: 'proposal-by-id',
    text: `select ${COLUMNS} from proposals where proposals.proposal_id = $1`,
    values: [proposalId],
  });
  return rows[0] ?? null;
}

/** Of a task or of all, newest first. */
export async function listProposals(db: Queryable, task: string | null, limit: number): Promise<Proposal[]> {
  const { rows } = await db.query<Proposal>({
    name: 'list-proposals',
    text: `select ${COLUMNS} from proposals where $1::text is null or task = $1
           order by proposals.proposal_id desc limit $2`,
    values: [task, limit],
  });
  return rows;
}

/** Writes down which version a proposal became. */
export async function markPromoted(db: Queryable, proposalId: string, version: number): Promise<void> {
  await db.query({
    name: 'mark-promoted',
    text: `update proposals set decision = 'promoted', promoted_version = $2, promoted_at = now()
           where proposal_id = $1 and promoted_version is distinct from $2`,
    values: [proposalId, version],
  });
}
