import type { SimulatedPolicy } from '../../learning/simulate.ts';
import { evaluate } from '../../learning/evaluate.ts';
import { halvesOf, queriesAt } from '../../learning/split.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { messageOf, type Context } from '../context.ts';
import { demoPolicy } from '../demo/policy.ts';
import { CliError, EXIT } from '../exit.ts';
import { readSettings } from '../settings-option.ts';
import { simulatedPolicy } from '../simulated-policy.ts';
import { learnedScore } from '../../scorers/learned/score.ts';
import { readPolicyFile, simulatedFile, type PolicyFile } from '../simulate/policy-file.ts';
import { showSimulation } from '../simulate/text.ts';

export interface SimulateOptions {
  readonly recorded: string;
  readonly policy?: string;
  readonly settings?: string;
  readonly scorers?: string;
  readonly task?: string;
  readonly chain?: readonly string[];
  readonly threshold?: number;
  readonly split: 'test' | 'train' | 'all';
  readonly seed: number;
}

/** A policy on recorded responses, by the state machine that serves, beside what else the same models could do. */
export async function simulateCommand(context: Context, options: SimulateOptions): Promise<void> {
  try {
    const file = await fileOf(options);
    const set = await readRecordedSet(options.recorded, { evidence: file?.evidence ?? {} });
    const { task, policy } = await policyOf(set, file, options);
    const { queries, train } = splitOf(set, task, options.split);
    const evaluation = await evaluate(policy, {
      ...{ queries, train, seed: options.seed },
      response: (model, id) => set.responses.get(model)?.get(id),
      models: Object.entries(set.models)
        .filter(([, { hidden_reasoning_tokens }]) => hidden_reasoning_tokens !== true)
        .map(([model, details]) => ({ model, price: recordedPrices(details)[0] })),
    });
    const simulation = {
      ...{ task, chain: policy.stages.map(({ model }) => model), thresholds: policy.thresholds },
      ...evaluation,
    };
    context.out(context.json ? JSON.stringify(simulation) : showSimulation(simulation));
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot simulate on ${options.recorded}: ${messageOf(error)}`, EXIT.usage, error);
  }
}

/** Null where the policy stands in no file of its own. */
async function fileOf(options: SimulateOptions): Promise<PolicyFile | null> {
  const ways = [options.policy, options.settings, options.chain].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    throw new CliError(
      'name one policy: --policy FILE, --settings FILE with --task, or --chain with --threshold',
      EXIT.usage,
    );
  }
  if (options.policy === undefined) return null;
  return readPolicyFile(options.policy, createScorerRegistry(), learnedScore);
}

async function policyOf(
  set: RecordedSet,
  file: PolicyFile | null,
  options: SimulateOptions,
): Promise<{ task: string; policy: SimulatedPolicy }> {
  if (file !== null) return { task: file.task, policy: simulatedFile(file, set) };
  if (options.settings !== undefined) {
    const { settings, scorers } = await readSettings({ ...options, settings: options.settings }, 'serve');
    const policy = settings.policies.find(({ task }) => task === options.task);
    if (policy === undefined) {
      const known = settings.policies.map(({ task }) => task).join(', ');
      throw new CliError(`--task: ${options.settings} has the tasks ${known}`, EXIT.usage);
    }
    return { task: policy.task, policy: simulatedPolicy(set, policy, scorers) };
  }
  return byHand(set, options);
}

/** The demo's scorer and extractor, with a chain and a threshold of the caller's. */
function byHand(
  set: RecordedSet,
  { task, chain = [], threshold }: SimulateOptions,
): { task: string; policy: SimulatedPolicy } {
  if (threshold === undefined || threshold > 1) {
    throw new CliError('--chain needs --threshold, from 0 to 1: the confidence that accepts', EXIT.usage);
  }
  const policy = demoPolicy(set, chain);
  return {
    task: task ?? policy.task,
    policy: simulatedPolicy(set, { ...policy, thresholds: chain.map(() => threshold) }),
  };
}

/** What is measured on, and what baselines may be chosen on, by the halves of `learn`: what it held out is held out here. */
function splitOf(
  set: RecordedSet,
  task: string,
  split: SimulateOptions['split'],
): { queries: RecordedQuery[]; train: RecordedQuery[] } {
  const ofTask = set.queries.filter((query) => query.task === task);
  if (ofTask.length === 0) throw new Error(`it has no queries of the task "${task}"`);
  if (split === 'all') return { queries: ofTask, train: [] };
  const halves = halvesOf(ofTask);
  const half = (name: 'test' | 'train') => queriesAt(ofTask, halves[name]);
  const queries = half(split);
  if (queries.length === 0) throw new Error(`it has no queries of the split "${split}"`);
  return { queries, train: split === 'test' ? half('train') : [] };
}
