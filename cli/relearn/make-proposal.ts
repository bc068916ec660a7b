import { canonicalJson } from '../../core/canonical-json.ts';
import type { Proposal } from '../../core/proposal.ts';
import type { Relearning } from '../../core/relearning.ts';
import { sha256 } from '../../core/request-hash.ts';
import { labelCoverage, tooFewLabels } from '../../learning/label-coverage.ts';
import type { Settings } from '../../settings/load.ts';
import { policyArms, type PolicyArms } from '../../ledger/policies.ts';
import { keepProposal, proposalOfInput } from '../../ledger/proposals.ts';
import { noSuchTask } from '../policy-problem.ts';
import { auditedSet, type AuditedSet } from './audited-set.ts';
import { learnAndCompare, refused, type ProposalOptions } from './learn-and-compare.ts';

/**
 * Learns a task anew from its audits, holds what was learned against what serves, on queries that learning has not read, and keeps
 * the outcome. Nothing that new queries take is changed. The same evidence gives the proposal that it gave before.
 * @throws {CliError} when there is no such task. @throws where the ledger cannot be read: another try may go well.
 */
export async function makeProposal(
  options: ProposalOptions,
  task: string,
  relearning: Relearning,
  signal: AbortSignal,
): Promise<Proposal> {
  const { pool, sealer } = options;
  const arms = await policyArms(pool, task);
  if (arms === null) throw noSuchTask(task);
  const { answer, chain } = arms.current.policy;
  const models = chain.map(({ model }) => model);
  const audits = await auditedSet(pool, sealer, {
    ...{ task, answer, models, now: new Date() },
    ...{ judge: relearning.judge, windowMs: relearning.windowMs },
  });
  const inputSha256 = inputHash(audits, arms, relearning, settingsOf(options.settings, task));
  const before = await proposalOfInput(pool, task, inputSha256);
  if (before !== null) return before;
  const problem = hindrance(task, arms, audits);
  const { heldOut, artifact, ...outcome } =
    problem === null
      ? await learnAndCompare(options, arms.current.policy, audits, relearning, signal)
      : refused(problem);
  const evidence = { traffic: audits.traffic, heldOut };
  const currentVersion = arms.current.version;
  return keepProposal(pool, { task, inputSha256, currentVersion, evidence, ...outcome }, artifact);
}

/** What completes a learned policy, and can refuse it: a setting that is mended makes for another try. */
function settingsOf({ raw }: Settings, task: string): object {
  const { models, tenants } = raw;
  // How it is learned anew is no part of a policy.
  return { models, tenants, own: { ...raw.tasks[task], relearn: undefined } };
}

/** Of all that decides: whose labels say what of which query, what serves, what is asked for, and what completes it. */
function inputHash(
  { set, judgedBy }: AuditedSet,
  { current, canary }: PolicyArms,
  how: Relearning,
  settings: object,
): string {
  const labels = set.queries.map(({ id, inclusion_probability: inclusion }) => [
    ...[id, inclusion, judgedBy.get(id)],
    Object.keys(set.models).map((model) => [model, set.responses.get(model)?.get(id)?.correct]),
  ]);
  const { goal, maxLoss } = how;
  return sha256(
    JSON.stringify([
      labels,
      current.version,
      canary?.version ?? null,
      canonicalJson({ goal, maxLoss, settings }),
    ]),
  );
}

/** What keeps a task from being learned anew, and what to do about it; null where nothing does. */
function hindrance(
  task: string,
  { current, canary }: PolicyArms,
  { set, traffic }: AuditedSet,
): string | null {
  if (canary !== null) {
    return `version ${canary.version} is a canary: end it first, with "escalier canary --task ${task} --finish" or "escalier canary --task ${task} --stop"`;
  }
  if (current.policy.scorer.remote) {
    return `the current policy's scorer "${current.policy.scorer.name}" leaves the process, so what it would do to recorded responses cannot be told: learn and compare by hand, with "escalier learn --from-ledger"`;
  }
  const few = tooFewLabels(labelCoverage(set));
  return few === null
    ? null
    : `${few}. ${traffic.audited} audits of the window have ended with their texts, ${traffic.judged} of them are judged for every model of the chain, and ${traffic.used} remain when denser slices are thinned`;
}
