import type { Picodollars } from '../../core/money.ts';
import type { Policy } from '../../core/policy.ts';
import { comparedModels } from '../../learning/compared-models.ts';
import type { LeftOut } from '../../learning/left-out.ts';
import { simulateQuery } from '../../learning/simulate.ts';
import {
  bestModel,
  cheapestAsAccurate,
  singleModels,
  type SingleModel,
} from '../../learning/single-models.ts';
import { stageValues, type StageValue } from '../../learning/stage-value.ts';
import { halvesOf, queriesAt } from '../../learning/split.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import type { ScorerRegistry } from '../../scorers/index.ts';
import { evidenceModelsOf, simulatedPolicy } from '../simulated-policy.ts';
import { messageOf } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';

/** A task's current policy on a recorded set: point values, with accuracy beside them. */
export interface RecordedReport {
  readonly queries: number;
  /** Queries in no figure: a model of the chain, or one that is compared, has no labelled response to them. */
  readonly leftOut: number;
  /** Models that are not compared with. */
  readonly modelsLeftOut: readonly LeftOut[];
  readonly cascade: { readonly cost: Picodollars; readonly accuracy: number };
  readonly stages: readonly StageValue[];
  /** How much accuracy a stage's verdict may give away, as a share. */
  readonly alpha: number;
  /** Named baselines; one model may be several. Models with hidden reasoning are left out: their recorded cost is too low. */
  readonly baselines: readonly (SingleModel & { readonly name: string })[];
}

/**
 * Simulates a policy on the half of a recorded set that {@link halvesOf} holds out (all of it, where that is empty).
 * @throws {CliError} naming what the set lacks, or why the policy cannot be simulated.
 */
export async function recordedReport(
  folder: string,
  policy: Policy,
  alpha: number,
  scorers: ScorerRegistry,
): Promise<RecordedReport> {
  try {
    return await simulated(folder, policy, alpha, scorers);
  } catch (error) {
    throw new CliError(
      `task ${policy.task} cannot be simulated on ${folder}: ${messageOf(error)}`,
      EXIT.usage,
      error,
    );
  }
}

async function simulated(
  folder: string,
  policy: Policy,
  alpha: number,
  scorers: ScorerRegistry,
): Promise<RecordedReport> {
  const set = await readRecordedSet(folder, { evidence: evidenceModelsOf(policy) });
  const ofTask = set.queries.filter(({ task }) => task === policy.task);
  if (ofTask.length === 0) throw new Error(`it has no queries of the task "${policy.task}"`);
  const test = queriesAt(ofTask, halvesOf(ofTask).test);
  const wanted = test.length > 0 ? test : ofTask;
  const response = (model: string, id: string) => set.responses.get(model)?.get(id);
  const compared = comparedModels(
    policy.chain.map(({ model }) => model),
    pricedModels(set),
    wanted,
    response,
  );
  const queries = wanted.filter(compared.isComplete);
  if (queries.length === 0) throw new Error('no query has a labelled response of every model of the chain');
  const plan = simulatedPolicy(set, policy, scorers);
  const runs = await Promise.all(
    queries.map((query) => simulateQuery(plan, query, (model) => response(model, query.id))),
  );
  const accuracy = runs.filter(({ correct }) => correct === true).length / runs.length;
  const models = singleModels(compared.models, queries, response);
  const named = (name: string, model: SingleModel | null | undefined) =>
    model === null || model === undefined ? [] : [{ name, ...model }];
  const byName = (name: string | undefined) => models.find(({ model }) => model === name);
  return {
    ...{ queries: queries.length, leftOut: wanted.length - queries.length },
    ...{ modelsLeftOut: compared.leftOut, alpha },
    cascade: { cost: runs.reduce((sum, { cost }) => sum + cost, 0n), accuracy },
    stages: await stageValues(plan, queries, response, alpha),
    baselines: [
      ...named('the last stage', byName(policy.chain.at(-1)?.model)),
      ...policy.chain.slice(0, -1).flatMap(({ model }) => named('a model of the chain', byName(model))),
      ...named('the best single model', bestModel(models)),
      ...named('the cheapest single model that is not less accurate', cheapestAsAccurate(models, accuracy)),
    ],
  };
}

function pricedModels(set: RecordedSet) {
  return Object.entries(set.models)
    .filter(([, { hidden_reasoning_tokens }]) => hidden_reasoning_tokens !== true)
    .map(([model, details]) => ({ model, price: recordedPrices(details)[0] }));
}
