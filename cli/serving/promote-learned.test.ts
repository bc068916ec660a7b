import { beforeAll, expect, test } from 'vitest';
import { toDataset } from '../../learning/dataset.ts';
import { fitScorers, learnPolicy } from '../../learning/learn.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { createScorerRegistry } from '../../scorers/index.ts';
import { parseSettings } from '../../settings/load.ts';
import { SettingsError } from '../../settings/problems.ts';
import { learnedPolicyOf } from '../../test/support/learned.ts';
import { MADE_ANSWER, madeSet } from '../../test/support/made-set.ts';
import { completed, type Completed, type LearnedBundle } from './promote-learned.ts';

const PAIR = { small: { usdPerMtok: 0.1, accuracy: 0.8 }, large: { usdPerMtok: 10, accuracy: 0.95 } };

/** The responses of `small` with log probabilities, which say a little of whether they are right. */
function withLogprobs({ responses, ...set }: RecordedSet): RecordedSet {
  const small = [...responses.get('small')!].map(([id, response], at) => {
    const logprobs = [-0.01 * (at % 7), response.correct === 1 ? -0.1 : -2];
    return [id, { ...response, logprobs }] as const;
  });
  return { ...set, responses: new Map([...responses, ['small', new Map(small)]]) };
}

const made = madeSet(PAIR, { queries: 200, doubt: 0.95, silent: 0 });

function learned(set: RecordedSet): LearnedBundle {
  const { dataset } = toDataset(set, MADE_ANSWER);
  const options = { seed: 1, include: [] };
  const fitted = fitScorers(
    dataset,
    dataset.queries.map((_, at) => at),
    options,
  );
  const { policy, artifact } = learnPolicy(dataset, fitted, { type: 'budget', share: 0.8 }, options);
  return { name: 'policy.json', learned: policy, artifact };
}

let bundle: LearnedBundle;
beforeAll(() => {
  bundle = learned(withLogprobs(made));
});

const LOGPROBS = 'parameters: { logprobs: true }, ';

function promoted(from: LearnedBundle, small = '', limits = ''): Promise<Completed> {
  const scorers = createScorerRegistry();
  const settings = parseSettings(
    `
providers:
  vendor: { base_url: "http://127.0.0.1:9/v1" }
models:
  small: { provider: vendor, ${small}max_output_tokens: 1000, price: { input_usd_per_mtok: 0.1, output_usd_per_mtok: 0.1 } }
  large: { provider: vendor, max_output_tokens: 1000, price: { input_usd_per_mtok: 10, output_usd_per_mtok: 10 } }
tasks:
  sums:
    chain: [small, large]
    threshold: 0.5
    scorer: agreement
    answer: { json: /answer, normalise: number }
${limits}`,
    'escalier.yaml',
    scorers,
  );
  return completed({ settings, scorers, file: 'escalier.yaml' }, from);
}

test('a policy that was learned with a model’s log probabilities is not served without them', async () => {
  expect(bundle.artifact).toMatchObject({ logprobs: ['small'] });
  expect(bundle.learned.chain).toEqual(['small', 'large']);
  await expect(promoted(bundle)).rejects.toThrow(
    new SettingsError([
      'policy.json with escalier.yaml: tasks.sums.chain.0: the policy was learned with the log probabilities of small: set "parameters: { logprobs: true }" on the task or the model',
    ]),
  );
  expect((await promoted(bundle, LOGPROBS)).warnings).toEqual([]);
});

test('a policy that was learned without log probabilities, as those before it was known, asks for none', async () => {
  const without = learned(made);
  expect(without.artifact).not.toHaveProperty('logprobs');
  expect((await promoted(without)).policy.chain.map(({ model }) => model)).toEqual(['small', 'large']);
});

test('a limit that what was certified did not have is told', async () => {
  const limits = '    max_cost_per_query_usd: 0.1\n    deadline: 30s\n    budget: { per_day_usd: 5 }';
  const { certificate } = learnedPolicyOf('sums', { confidence: 1 });
  const certified = { ...bundle, learned: { ...bundle.learned, certificate } };
  const said = (await promoted(certified, LOGPROBS, limits)).warnings;
  expect(
    said.map((warning) => /tasks\.sums\.(\w+): the certificate says nothing of queries/.exec(warning)?.[1]),
  ).toEqual(['max_cost_per_query_usd', 'deadline', 'budget']);
  expect((await promoted(certified, LOGPROBS)).warnings).toEqual([]);
  expect((await promoted(bundle, LOGPROBS, limits)).warnings).toEqual([]);
});
