import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 } from '../../core/request-hash.ts';
import type { LearnedPolicy } from '../../core/learned-policy.ts';
import { comparable, toDataset, type Comparable, type Dataset } from '../../learning/dataset.ts';
import {
  fitScorers,
  learnPolicy,
  measure,
  NoPolicy,
  type Fitted,
  type Goal,
  type LearnOptions,
} from '../../learning/learn.ts';
import { developAndCertify } from '../../learning/learn-certified.ts';
import type { LeftOut } from '../../learning/left-out.ts';
import { resplit } from '../../learning/resplits.ts';
import { halvesOf, queriesAt } from '../../learning/split.ts';
import { messageOf, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { certified } from '../learn/certified.ts';
import { wantedOf, type GoalOptions } from '../learn/goal.ts';
import { learnResult } from '../learn/collect.ts';
import type { CertificationResult, LearnResult } from '../learn/result.ts';
import { readSource, type Source, type SourceOptions } from '../learn/source.ts';
import { goalText, showLearned, showResplits } from '../learn/text.ts';
import { percent } from '../output.ts';

export interface LearnCommandOptions extends GoalOptions, SourceOptions {
  readonly include: readonly string[];
  readonly seed: number;
  readonly resplits?: number;
  readonly out?: string;
  /** Another file for the page. */
  readonly html?: string;
}

const LEAST_RESPLITS = 2;

/** From recorded responses to trained scorers, a policy, a certificate where one is asked for, and a report. */
export async function learnCommand(context: Context, options: LearnCommandOptions): Promise<void> {
  const wanted = wantedOf(options);
  if (options.resplits !== undefined) {
    if (wanted.type === 'claim') {
      throw new CliError('--resplits measures budgets and targets, not certificates', EXIT.usage);
    }
    if (options.resplits < LEAST_RESPLITS) {
      throw new CliError(
        `--resplits: one half shows no spread, and an interval takes ${LEAST_RESPLITS}`,
        EXIT.usage,
      );
    }
  }
  const source = await readSource(context, options);
  const { set, from } = source;
  const settings: LearnOptions = { seed: options.seed, include: options.include };
  try {
    context.say(`Reading ${set.queries.length} queries of ${set.responses.size} models of ${from}.`);
    const learnable = comparable(set);
    const { queries } = learnable;
    if (options.resplits !== undefined && wanted.type === 'goal') {
      runResplits(context, source, learnable, wanted.goal, settings, options.resplits);
      return;
    }
    const { train, test, straddling } = halvesOf(queries, set.queries);
    const parts = wanted.type === 'goal' ? null : developAndCertify(queries, train);
    const answer = source.answerBy(queriesAt(queries, parts?.develop ?? train));
    const { dataset, leftOut } = toDataset(set, answer, source.evidence);
    const notes: LeftOut[] = [
      ...source.leftOut,
      ...leftOut,
      ...(straddling === 0
        ? []
        : [
            {
              what: `${straddling} test queries`,
              why: 'are duplicates of train queries: they are learned from instead',
            },
          ]),
      ...(parts === null || parts.repeated.length === 0
        ? []
        : [
            {
              what: `${parts.repeated.length} certify queries`,
              why: 'share their group with another: a group counts once, by one of its queries',
            },
          ]),
    ];
    context.say(`Fitting scorers on ${train.length} queries; ${test.length} are held out.`);
    const learned = await (wanted.type === 'goal'
      ? byGoal(dataset, train, wanted.goal, settings)
      : certified(context, dataset, train, wanted.claim, settings));
    const policySha256 = sha256(canonicalJson(learned.policy));
    // From here on nothing is chosen: the policy has been hashed, and the labels of the test half may be read.
    const figures = test.length === 0 ? null : measure(dataset, learned.fitted, learned.policy, test);
    const result = learnResult({
      ...{ dataset, test, figures, policySha256, leftOut: notes },
      ...{ goal: goalText(wanted), seed: options.seed, learned },
    });
    await writeLearned(context, result, learned.policy, learned.fitted, options);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`cannot learn from ${from}: ${messageOf(error)}`, EXIT.failure, error);
  }
}

/** A policy and what is said of how it was found. */
export interface LearnedSomehow {
  readonly policy: LearnedPolicy;
  readonly fitted: Fitted;
  readonly compared: number;
  readonly certification: CertificationResult | null;
}

function byGoal(
  data: Dataset,
  train: readonly number[],
  goal: Goal,
  options: LearnOptions,
): Promise<LearnedSomehow> {
  const fitted = fitScorers(data, train, options);
  const { policy, compared } = learnPolicy(data, fitted, goal, options);
  return Promise.resolve({ policy, fitted, compared, certification: null });
}

function runResplits(
  context: Context,
  { set, answerBy, evidence }: Source,
  { task, queries }: Comparable,
  goal: Goal,
  options: LearnOptions,
  splits: number,
): void {
  // By extractor: it takes seconds, and halves hardly ever differ in it.
  const datasets = new Map<string, Dataset>();
  const datasetFor = (train: readonly number[]): Dataset => {
    const answer = answerBy(queriesAt(queries, train));
    const key = canonicalJson(answer);
    const dataset = datasets.get(key) ?? toDataset(set, answer, evidence).dataset;
    datasets.set(key, dataset);
    return dataset;
  };
  const summary = resplit(queries, datasetFor, goal, options, splits, (done, result) => {
    if (result instanceof NoPolicy) {
      context.say(`${done} of ${splits}: ${result.message}`);
      return;
    }
    const { accuracy_difference, cost_share, chain } = result;
    context.say(
      `${done} of ${splits}: ${(100 * accuracy_difference).toFixed(2)} points at ${percent(cost_share)} of the cost, ${chain.join(' → ')}`,
    );
  });
  context.out(context.json ? JSON.stringify({ task, resplits: summary }) : showResplits(task, summary));
}

async function writeLearned(
  context: Context,
  result: LearnResult,
  policy: LearnedPolicy,
  { artifact }: Fitted,
  options: LearnCommandOptions,
): Promise<void> {
  const folder = resolve(options.out ?? join('learned', result.task));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'scorer.json'), `${canonicalJson(artifact)}\n`);
  await writeFile(join(folder, 'policy.json'), `${JSON.stringify(policy, null, 2)}\n`);
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(result, null, 2)}\n`);
  await writePages(result, [
    join(folder, 'report.html'),
    ...(options.html === undefined ? [] : [options.html]),
  ]);
  context.out(context.json ? JSON.stringify(result) : showLearned(result));
  context.say(
    `\nWritten to ${folder}: policy.json, scorer.json, report.json, report.html. Into service: escalier promote ${folder}`,
  );
}

async function writePages(result: LearnResult, files: readonly string[]): Promise<void> {
  // Drawing needs libraries that nothing else here does.
  const { learnPage } = await import('../learn/page.ts');
  const page = await learnPage(result);
  for (const file of files) {
    await writeFile(file, page).catch((error: unknown) => {
      throw new CliError(`--html ${file}: cannot be written (${messageOf(error)})`, EXIT.usage, error);
    });
  }
}
