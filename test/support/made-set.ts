import type { RecordedQuery, RecordedResponse } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { uniformOf } from '../../learning/random.ts';

/** A model of a made-up set. */
export interface MadeModel {
  /** USD per million tokens, in and out alike; every call has a thousand or so. */
  readonly usdPerMtok: number;
  /** Share of right answers. */
  readonly accuracy: number;
  readonly hidden?: boolean;
}

export interface MadeSetOptions {
  readonly queries: number;
  readonly seed?: number;
  /** How much of a model's luck is the query's own, in [0, 1]. Default: half. */
  readonly shared?: number;
  /** How often a wrong response voices doubt; a right one does in 5%. Default: 0.7. */
  readonly doubt?: number;
  /** Share of responses that hold no answer, whose labels are as the others'. Default: 0.03. */
  readonly silent?: number;
}

export const MADE_ANSWER = { from: 'json', pointer: '/answer', normalise: 'number' } as const;

/** Responses to sums, drawn: the same arguments give the same set. Even queries are train, odd ones test. */
export function madeSet(
  models: Readonly<Record<string, MadeModel>>,
  { queries: count, seed = 1, shared = 0.5, doubt = 0.7, silent = 0.03 }: MadeSetOptions,
): RecordedSet {
  const uniform = uniformOf(seed);
  const names = Object.keys(models);
  const responses = new Map(names.map((name) => [name, new Map<string, RecordedResponse>()]));
  const queries = Array.from({ length: count }, (_, at): RecordedQuery => {
    const id = `sum-${at}`;
    const [a, b] = [10 + Math.floor(80 * uniform()), 1000 + at];
    const difficulty = uniform();
    for (const model of names) {
      const luck = uniform() < shared ? difficulty : uniform();
      const correct = luck < models[model]!.accuracy ? 1 : 0;
      const answer = a + b + (correct === 1 ? 0 : 1 + Math.floor(3 * uniform()));
      const doubts = uniform() < (correct === 1 ? 0.05 : doubt);
      const said = doubts ? 'Perhaps, but wait, this is roughly' : 'Therefore the sum is';
      const text =
        uniform() < silent ? `${said} large.` : JSON.stringify({ reasoning: `${said} ${answer}.`, answer });
      responses
        .get(model)!
        .set(id, { id, model, text, input_tokens: 900, output_tokens: text.length, correct });
    }
    return {
      id,
      task: 'sums',
      messages: [{ role: 'user', content: `What is ${a} + ${b}?` }],
      split: at % 2 === 0 ? 'train' : 'test',
    };
  });
  return {
    queries,
    responses,
    models: Object.fromEntries(
      Object.entries(models).map(([name, { usdPerMtok, hidden }]) => [
        name,
        {
          provider: 'made-up',
          input_usd_per_mtok: usdPerMtok,
          output_usd_per_mtok: usdPerMtok,
          ...(hidden === true && { hidden_reasoning_tokens: true }),
        },
      ]),
    ),
  };
}

/** The same set with the labels of some queries dealt out anew, all models' together, so that no figure of a single model changes. */
export function permuteLabels(set: RecordedSet, ids: readonly string[], seed: number): RecordedSet {
  const uniform = uniformOf(seed);
  const from = [...ids];
  for (let i = from.length - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [from[i], from[j]] = [from[j]!, from[i]!];
  }
  const labelOf = new Map(ids.map((id, at) => [id, from[at]!]));
  const responses = new Map(
    [...set.responses].map(([model, own]) => [
      model,
      new Map(
        [...own].map(([id, response]) => [
          id,
          { ...response, correct: own.get(labelOf.get(id) ?? id)!.correct! },
        ]),
      ),
    ]),
  );
  return { ...set, responses };
}

/** A ladder: cheap and weak to dear and strong. */
export const LADDER = {
  tiny: { usdPerMtok: 0.1, accuracy: 0.6 },
  small: { usdPerMtok: 0.3, accuracy: 0.75 },
  medium: { usdPerMtok: 1, accuracy: 0.85 },
  large: { usdPerMtok: 10, accuracy: 0.95 },
} as const;
