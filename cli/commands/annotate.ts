import { inferAnswer } from '../../learning/infer-answer.ts';
import { halvesOf, queriesAt } from '../../learning/split.ts';
import type { PolicyModel } from '../../core/policy.ts';
import { priceAt } from '../../core/price.ts';
import { sumSpend, type Spend } from '../../core/spend.ts';
import { addRecordedModel, writeEmbeddings, writeJudgements } from '../../recorded/write-evidence.ts';
import { readModels, type RecordedSet } from '../../recorded/read.ts';
import type { Settings } from '../../settings/load.ts';
import { policyModel, type ModelSettings } from '../../settings/models.ts';
import { embedAll, embeddingCost, textsOf } from '../annotate/embed.ts';
import { judgeAll, judgingCost, questionsOf } from '../annotate/judge.ts';
import { requireConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { readFolder } from '../learn/source.ts';
import { recordedModel } from '../record/rows.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

export interface AnnotateOptions extends SettingsOptions {
  readonly recorded: string;
  readonly task?: string;
  /** Of the settings' models, to grade the set's responses. */
  readonly judge?: string;
  /** Of the settings' models, to embed the set's queries and responses. */
  readonly embedder?: string;
  /** At most so many requests; the rest by running it again. */
  readonly limit?: number;
  readonly yes: boolean;
  readonly concurrency: number;
}

/** What a run of one kind came to. */
export interface Annotated {
  readonly written: number;
  /** Requests that gave nothing: another run makes them again. */
  readonly failed: number;
}

/**
 * Has a recorded set's responses graded by a judge, or its texts embedded, for scorers to be learned from. What is in the folder
 * is not bought again, so that an interrupted run continues.
 */
export async function annotateCommand(context: Context, options: AnnotateOptions): Promise<void> {
  const { recorded, judge, embedder, limit = Number.POSITIVE_INFINITY } = options;
  if (judge === undefined && embedder === undefined) {
    throw new CliError('name whom to ask: --judge MODEL, --embedder MODEL, or both', EXIT.usage);
  }
  const { settings } = await readSettings(options, 'serve');
  const { set } = await readFolder(recorded, options.task, {});
  const judging = judge === undefined ? null : await modelOf(settings, judge, options);
  const embedding = embedder === undefined ? null : await modelOf(settings, embedder, options);

  const grades = judging === null ? null : await writeJudgements(recorded, judging.name);
  const vectors = embedding === null ? null : await writeEmbeddings(recorded, embedding.name);
  try {
    const spec = answerOf(settings, set);
    const questions =
      grades === null ? [] : questionsOf(set, spec).filter(({ id, model }) => !grades.has(id, model));
    const texts = vectors === null ? [] : textsOf(set).filter(({ id, model }) => !vectors.has(id, model));
    const asked = questions.slice(0, limit);
    const embedded = texts.slice(0, Math.max(0, limit - asked.length));
    const calls = asked.length + embedded.length;
    if (calls === 0) {
      context.say(`${recorded} holds all of it already.`);
      if (context.json) context.out(JSON.stringify({ recorded, judgements: 0, embeddings: 0, failed: 0 }));
      return;
    }
    const costs: Spend[] = [
      ...(judging === null ? [] : [judgingCost(asked, judging.model, judging.book)]),
      ...(embedding === null ? [] : [embeddingCost(embedded, embedding.book)]),
    ];
    await requireConsent(context, options, sumSpend(costs), calls);
    for (const own of [judging, embedding]) {
      if (own !== null && own.recorded !== null) await addRecordedModel(recorded, own.name, own.recorded);
    }
    const judged =
      judging === null || grades === null
        ? NOTHING_DONE
        : await judgeAll(context, options, judging.model, asked, grades);
    const done =
      embedding === null || vectors === null
        ? NOTHING_DONE
        : await embedAll(context, options, settings, embedding.model, embedded, vectors);
    finish(context, options, judged, done, questions.length + texts.length - calls);
  } finally {
    await grades?.close();
    await vectors?.close();
  }
}

const NOTHING_DONE: Annotated = { written: 0, failed: 0 };

function finish(
  context: Context,
  { recorded }: AnnotateOptions,
  judged: Annotated,
  embedded: Annotated,
  left: number,
): void {
  if (context.signal.aborted) {
    throw new CliError('Interrupted. Run the same command again to continue.', EXIT.interrupted);
  }
  const failed = judged.failed + embedded.failed;
  const counts = { judgements: judged.written, embeddings: embedded.written };
  if (context.json) context.out(JSON.stringify({ recorded, ...counts, failed, left }));
  else {
    context.out(
      `${counts.judgements} judgements and ${counts.embeddings} embeddings written to ${recorded}${left === 0 ? '' : `; ${left} are left: run it again`}`,
    );
  }
  if (failed > 0) throw new CliError(`${failed} are missing: run the same command again`, EXIT.partial);
}

interface Asked extends Pick<ModelSettings, 'name' | 'book'> {
  readonly model: PolicyModel;
  /** Its entry for `models.json`; null where there is one. */
  readonly recorded: ReturnType<typeof recordedModel> | null;
}

/** @throws {CliError} where the settings have no such model, or nobody knows what it costs. */
async function modelOf(
  { models }: Settings,
  name: string,
  { settings: file, recorded }: AnnotateOptions,
): Promise<Asked> {
  const own = models.get(name);
  if (own === undefined) {
    throw new CliError(
      `${file} has no model "${name}" (there are: ${[...models.keys()].join(', ')})`,
      EXIT.usage,
    );
  }
  const isKnown = Object.hasOwn(await readModels(recorded), name);
  const price = priceAt(own.book ?? [], new Date());
  if (price === null && !isKnown) {
    throw new CliError(
      `no price is known for ${name}, and what evidence costs has to be learned with it: give the model a price in ${file}, or ${recorded}/models.json an entry`,
      EXIT.usage,
    );
  }
  const PROFILE = { input: 1, output: 0, cachedInput: 0 };
  return {
    ...{ name, book: own.book, model: policyModel(own, [], PROFILE, new Date()) },
    recorded: isKnown || price === null ? null : recordedModel(own.raw.provider, price),
  };
}

/** The task's extractor, where the settings have the task: a response without an answer is not judged. */
function answerOf({ policies }: Settings, set: RecordedSet) {
  const task = set.queries[0]?.task;
  return (
    policies.find((policy) => policy.task === task)?.answer ??
    inferAnswer(set, queriesAt(set.queries, halvesOf(set.queries).train))
  );
}
