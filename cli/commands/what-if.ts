import type { PastQuery } from '../../core/past-query.ts';
import { NOTHING, type Spend } from '../../core/spend.ts';
import { recordedEvidence } from '../../learning/what-if/evidence.ts';
import { labelOf, reDecide, type ReDecision } from '../../learning/what-if/re-decide.ts';
import { rescoredEvidence } from '../../learning/what-if/rescored.ts';
import { boundOfUncalled, EMPTY_TALLY, tallied } from '../../learning/what-if/tally.ts';
import type { Queryable } from '../../ledger/database.ts';
import { eachPastQuery } from '../../ledger/past-queries.ts';
import { policyVersion } from '../../ledger/policies.ts';
import { readTexts, type Sealer } from '../../ledger/texts.ts';
import { messageOf, scorerRegistry, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { moneyAsText } from '../money-json.ts';
import { rangeOf } from '../range-option.ts';
import { bookOf } from '../report/full-report.ts';
import { sealerOf } from '../sealer.ts';
import { learnedScore } from '../../scorers/learned/score.ts';
import { readPolicyFile } from '../simulate/policy-file.ts';
import { subjectOf, type Question, type Subject } from '../what-if/subject.ts';
import { showWhatIf } from '../what-if/text.ts';

export interface WhatIfOptions {
  readonly task: string;
  readonly threshold?: number;
  readonly policy?: string;
  readonly chain?: readonly string[];
  readonly scorers?: string;
  readonly since?: string;
  readonly until?: string;
}

/** Past queries, decided again by another policy. What the ledger does not know is bounded or unknown, never filled in. */
export async function whatIfCommand(context: Context, options: WhatIfOptions): Promise<void> {
  const range = { ...rangeOf(options), task: options.task };
  const scorers = await scorerRegistry(options.scorers);
  const question = await questionOf(options, scorers);
  const sealer = sealerOf(context);
  await withDatabase(context, async (pool) => {
    const subjects = new Map<number, Subject>();
    let tally = EMPTY_TALLY;
    await eachPastQuery(pool, range, async (query, db) => {
      const subject =
        subjects.get(query.policyVersion) ??
        subjectOf(await policyVersion(db, options.task, query.policyVersion), question, scorers);
      subjects.set(query.policyVersion, subject);
      const decision = await decide(query, subject, db, sealer, options.task);
      const served =
        query.servedAttemptId === null
          ? null
          : labelOf(query, recordedEvidence(query), query.servedAttemptId);
      tally = tallied(tally, query, decision, served, boundOf(query, decision, subject));
    });
    if (context.json) context.out(JSON.stringify({ task: options.task, ...tally }, moneyAsText));
    else context.out(showWhatIf(options.task, tally));
  });
}

async function questionOf(
  options: WhatIfOptions,
  scorers: Awaited<ReturnType<typeof scorerRegistry>>,
): Promise<Question> {
  const { threshold = null, chain = null, policy } = options;
  if (policy === undefined && chain === null && threshold === null) {
    throw new CliError('what if what? --threshold, --chain or --policy', EXIT.usage);
  }
  if (policy !== undefined && (chain !== null || threshold !== null)) {
    throw new CliError(
      '--policy has a chain and thresholds of its own: leave --chain and --threshold out',
      EXIT.usage,
    );
  }
  if (threshold !== null && threshold > 1) {
    throw new CliError(`--threshold ${threshold}: expected a confidence from 0 to 1`, EXIT.usage);
  }
  if (policy === undefined) return { threshold, chain, policy: null };
  const file = await readPolicyFile(policy, scorers, learnedScore).catch((error: unknown) => {
    throw new CliError(messageOf(error), EXIT.usage, error);
  });
  if (file.evidence !== null) {
    throw new CliError(
      `--policy ${policy}: its scorer asks ${Object.values(file.evidence).join(' and ')} about each response, and what they would say of past ones is not known: simulate it on a recorded set that has their evidence ("escalier simulate")`,
      EXIT.usage,
    );
  }
  return { threshold, chain, policy: file };
}

/** By what the ledger recorded where that is enough, else by its texts, as far as they are kept. */
async function decide(
  query: PastQuery,
  { recorded, whatIf, answer, score }: Subject,
  db: Queryable,
  sealer: Sealer | null,
  task: string,
): Promise<ReDecision> {
  const chain = recorded.chain.map(({ model }) => model);
  const byRecord: ReDecision = whatIf.sameScorer
    ? await reDecide(query, chain, whatIf, recordedEvidence(query))
    : { class: 'unknown', reason: 'another-scorer' };
  if (byRecord.class !== 'unknown' || byRecord.reason === 'another-chain' || score === null) return byRecord;
  const texts = await readTexts(db, sealer, query);
  const evidence = rescoredEvidence(query, texts, { task, answer, score, same: whatIf.sameScorer });
  return evidence === null ? byRecord : reDecide(query, chain, whatIf, evidence);
}

function boundOf(query: PastQuery, decision: ReDecision, { recorded, whatIf, judged }: Subject): Spend {
  if (decision.class !== 'bounded') return NOTHING;
  const uncalled = whatIf.chain.slice(decision.next).map((name, at) => {
    const model = recorded.chain[decision.next + at];
    return model?.model === name ? { model, book: bookOf(model) } : null;
  });
  const known = uncalled.filter((stage) => stage !== null);
  const bound = boundOfUncalled(query, known, judged);
  return known.length < uncalled.length ? { ...bound, high: null } : bound;
}
