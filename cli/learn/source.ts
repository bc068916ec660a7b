import type { AnswerSpec } from '../../core/answer.ts';
import type { EvidenceModels } from '../../core/learned-policy.ts';
import { drawnQueries } from '../../learning/drawn-queries.ts';
import { inferAnswer } from '../../learning/infer-answer.ts';
import { labelCoverage, tooFewLabels } from '../../learning/label-coverage.ts';
import type { LeftOut } from '../../learning/left-out.ts';
import type { RecordedQuery } from '../../recorded/format.ts';
import { readRecordedSet, type RecordedSet } from '../../recorded/read.ts';
import { messageOf, type Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { showLabelCoverage } from '../ledger-set/coverage-text.ts';
import { ledgerRecordedSet } from '../ledger-set/read.ts';
import { sealerOf } from '../sealer.ts';
import { readSettings } from '../settings-option.ts';

export interface SourceOptions {
  readonly task?: string;
  readonly recorded?: string;
  readonly fromLedger?: boolean;
  /** Of the settings' models, whose recorded judgements are learned from. */
  readonly judge?: string;
  /** The same of recorded embeddings. */
  readonly embedder?: string;
  /** Whose task says what the answer is; default: by the recorded answers and their labels. */
  readonly settings?: string;
  readonly scorers?: string;
}

export interface Source {
  /** What can be learned from: of a set with draws by chance those alone, each standing for equally many. */
  readonly set: RecordedSet;
  /** Why the rest was left out. */
  readonly leftOut: readonly LeftOut[];
  /** The task's extractor: the settings', else what the labels of these queries, and of no others, say that it is. */
  readonly answerBy: (readable: readonly RecordedQuery[]) => AnswerSpec;
  /** For people. */
  readonly from: string;
  /** Whose evidence is learned from, and is in the set. */
  readonly evidence: EvidenceModels;
}

/** @throws {CliError} where there is nothing to learn from; for a ledger with too few labels it says which there are. */
export async function readSource(context: Context, options: SourceOptions): Promise<Source> {
  const { recorded, fromLedger = false } = options;
  if ((recorded === undefined) === !fromLedger) {
    throw new CliError(
      'name what to learn from: --recorded FOLDER, or --from-ledger with --task',
      EXIT.usage,
    );
  }
  const { judge, embedder } = options;
  const evidence: EvidenceModels = {
    ...(judge === undefined ? {} : { judge }),
    ...(embedder === undefined ? {} : { embedder }),
  };
  if (recorded === undefined && Object.keys(evidence).length > 0) {
    throw new CliError(
      '--judge and --embedder need evidence about every response, which the ledger does not have: "escalier export --recorded-set" the task, "escalier annotate" it, and learn with --recorded',
      EXIT.usage,
    );
  }
  const source =
    recorded === undefined
      ? await ofLedger(context, options.task)
      : await ofFolder(recorded, options.task, evidence);
  return { ...source, evidence, answerBy: await answerOf(source.set, options) };
}

type Read = Pick<Source, 'set' | 'leftOut' | 'from'>;

async function ofFolder(folder: string, task: string | undefined, evidence: EvidenceModels): Promise<Read> {
  const { set } = await readFolder(folder, task, evidence);
  return { ...drawnQueries(set), from: folder };
}

/** A recorded set's queries of one task. @throws {CliError} where there are several and none is named. */
export async function readFolder(
  folder: string,
  task: string | undefined,
  evidence: EvidenceModels,
): Promise<Pick<Source, 'set' | 'from'>> {
  const set = await readRecordedSet(folder, { evidence }).catch((error: unknown) => {
    throw new CliError(messageOf(error), EXIT.usage, error);
  });
  const tasks = [...new Set(set.queries.map((query) => query.task))];
  const wanted = task ?? (tasks.length === 1 ? tasks[0] : undefined);
  if (wanted === undefined || !tasks.includes(wanted)) {
    throw new CliError(`--task: ${folder} has queries of ${tasks.join(', ') || 'no task'}`, EXIT.usage);
  }
  return { set: { ...set, queries: set.queries.filter((query) => query.task === wanted) }, from: folder };
}

async function ofLedger(context: Context, task: string | undefined): Promise<Read> {
  if (task === undefined) throw new CliError('--from-ledger needs --task', EXIT.usage);
  return withDatabase(context, async (pool) => {
    const traffic = await ledgerRecordedSet(pool, sealerOf(context), { task });
    const { set, leftOut } = drawnQueries(traffic.set);
    const coverage = labelCoverage(set);
    context.say(showLabelCoverage(coverage));
    const problem = tooFewLabels(coverage);
    if (problem !== null) {
      const others = leftOut.map(({ what, why }) => `. ${what} of the task ${why}`).join('');
      throw new CliError(`${problem}${others}`, EXIT.failure);
    }
    return { set, leftOut, from: 'the ledger' };
  });
}

async function answerOf(
  set: RecordedSet,
  { settings, scorers, task }: SourceOptions,
): Promise<Source['answerBy']> {
  if (settings === undefined) return (readable) => inferAnswer(set, readable);
  const read = await readSettings({ settings, ...(scorers === undefined ? {} : { scorers }) }, 'serve');
  const wanted = task ?? set.queries[0]?.task;
  const policy = read.settings.policies.find((candidate) => candidate.task === wanted);
  if (policy === undefined)
    throw new CliError(`--settings: ${settings} has no task "${wanted ?? ''}"`, EXIT.usage);
  return () => policy.answer;
}
