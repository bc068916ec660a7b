import { arithmeticProblem, type Problem } from './arithmetic.ts';
import type { RecordedModel, RecordedResponse } from './format.ts';
import { drawUnit } from './random.ts';
import { createRecordedSetWriter } from './write.ts';

/**
 * A small set for the demo, which costs nothing and needs no network. The queries are made from templates, and the models
 * are fictional: their prices, their texts and the share of each that is right are made up.
 */

interface SyntheticModel extends RecordedModel {
  /** Share of its answers that are wrong. */
  readonly errors: number;
}

function fictional(input: number, output: number, errors: number): SyntheticModel {
  return {
    provider: 'synthetic',
    input_usd_per_mtok: input,
    output_usd_per_mtok: output,
    source: 'fictional',
    tokenizer: 'a token is four characters',
    errors,
  };
}

const MODELS: Readonly<Record<string, SyntheticModel>> = {
  small: fictional(0.1, 0.4, 0.2),
  medium: fictional(0.5, 2, 0.1),
  large: fictional(5, 20, 1 / 30),
};

/** How much of a model's trouble with a query is the query's own; the rest is the model's, and independent. */
const SHARED_DIFFICULTY = 0.5;

/** How often a model voices doubt: not only when it is wrong, but more often. A scorer has something to learn. */
const DOUBT = { right: 0.08, wrong: 0.45 };

const FORMAT = '{"reasoning": "___", "answer": "___"}';

/**
 * Writes the set into an empty folder: task `arithmetic-demo`, models `small`, `medium` and `large`. The same arguments
 * give the same bytes.
 * @throws {Error} where the folder holds another set.
 */
export async function writeSyntheticSet(
  dir: string,
  { queries: count, seed }: { readonly queries: number; readonly seed: number },
): Promise<void> {
  const queries = Array.from({ length: count }, (_, index) => ({
    id: `arithmetic-${String(index + 1).padStart(3, '0')}`,
    problem: arithmeticProblem(seed, index),
  }));
  const writer = await createRecordedSetWriter(dir);
  try {
    for (const [index, { id, problem }] of queries.entries()) {
      await writer.addQuery({
        id,
        task: 'arithmetic-demo',
        messages: [{ role: 'user', content: promptOf(problem) }],
        reference: String(problem.answer),
        split: index % 2 === 0 ? 'train' : 'test',
      });
    }
    for (const [model, { errors }] of Object.entries(MODELS)) {
      const trouble = ({ id, problem }: (typeof queries)[number]): number =>
        SHARED_DIFFICULTY * (drawUnit(seed, 'difficulty', id) + problem.steps.length / 10) +
        (1 - SHARED_DIFFICULTY) * drawUnit(seed, 'trouble', model, id);
      const hardest = [...queries].sort((a, b) => trouble(b) - trouble(a));
      const wrong = new Set(hardest.slice(0, Math.round(errors * count)).map(({ id }) => id));
      for (const { id, problem } of queries) {
        await writer.addResponse(responseOf(seed, model, id, problem, !wrong.has(id)));
      }
    }
    await writer.writeModels(
      Object.fromEntries(Object.entries(MODELS).map(([name, model]) => [name, shown(model)])),
    );
  } finally {
    await writer.close();
  }
}

function shown({ errors, ...model }: SyntheticModel): RecordedModel {
  return {
    ...model,
    note: `not a real model: made to be right in ${Math.round(100 * (1 - errors))}% of its answers`,
  };
}

function promptOf({ question }: Problem): string {
  return `${question}\n\nReason first, then answer, in this JSON format:\n${FORMAT}`;
}

function responseOf(
  seed: number,
  model: string,
  id: string,
  problem: Problem,
  right: boolean,
): RecordedResponse {
  const draw = drawUnit(seed, 'slip', model, id);
  const answer = right ? problem.answer : (problem.slips[Math.floor(draw * problem.slips.length)] ?? 0);
  const doubts = drawUnit(seed, 'doubt', model, id) < (right ? DOUBT.right : DOUBT.wrong);
  const reasoning = [
    ...(right ? problem.steps : slippedSteps(problem, answer, drawUnit(seed, 'form', model, id))),
    ...(doubts ? ['Wait, let me check this again.'] : []),
    `${doubts ? 'I think it' : 'It'} is ${answer}.`,
  ].join(' ');
  const text = JSON.stringify({ reasoning, answer: String(answer) });
  return {
    id,
    model,
    text,
    input_tokens: tokensOf(promptOf(problem)),
    output_tokens: tokensOf(text),
    correct: right ? 1 : 0,
  };
}

/** Most slips are in the result of the last step, where only a check of the sum would find them; the others leave it out. */
function slippedSteps({ steps }: Problem, answer: number, draw: number): string[] {
  const last = steps.at(-1) ?? '';
  return [...steps.slice(0, -1), ...(draw < 0.7 ? [last.replace(/\d+\.$/, `${answer}.`)] : [])];
}

function tokensOf(text: string): number {
  return Math.ceil(text.length / 4);
}
