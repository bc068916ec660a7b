import { bestMixture } from './mixture.ts';
import { oracle } from './oracle.ts';
import { blend, mean, pointOf, type Outcomes, type Point } from './outcomes.ts';
import { randomEscalation } from './random-escalation.ts';
import { routed, routerPredictions } from './router.ts';
import type { NamedOutcomes } from '../compare.ts';

/** What baselines are made of. Lists of queries have one order throughout, lists of models another. */
export interface BaselineInput {
  /** What the policy spent on each query: mixture and router get as much, on average. */
  readonly policyCost: readonly number[];
  /** The chain's stages, each on every query. */
  readonly chain: readonly Outcomes[];
  /** Of each stage but the last: the share of the queries that reached it which went on. */
  readonly goesOn: readonly number[];
  /** Whether the majority of the policy's own responses was right, per query. */
  readonly voteRight: readonly number[];
  /** Every model that answered every query, with a label each. */
  readonly models: readonly { readonly model: string; readonly outcomes: Outcomes }[];
  readonly prompts: readonly string[];
  /** Other queries, with the same models: mixture and router are chosen there. Null: on the queries themselves. */
  readonly train: { readonly prompts: readonly string[]; readonly models: readonly Outcomes[] } | null;
}

/**
 * Everything that a policy is held against. What is chosen (the mixture's shares, the router) is chosen by labels of
 * `train`. Without it the mixture is flattered, as it knows the very labels that it is measured on; the router is
 * cross-fitted and is not. What a way costs is matched on the queries themselves, which needs no label.
 */
export function allBaselines(input: BaselineInput): NamedOutcomes[] {
  const { chain, goesOn, models, policyCost, voteRight } = input;
  const outcomes = models.map((own) => own.outcomes);
  return [
    ...models.map((own) => ({ name: 'single model', detail: own.model, outcomes: own.outcomes })),
    ...(models.length === 0 ? [] : [mixture(input), router(input)]),
    {
      name: 'random escalation',
      detail: 'as many go on, whichever',
      outcomes: randomEscalation(chain, goesOn),
    },
    {
      name: 'majority vote',
      detail: 'of the same calls',
      outcomes: { cost: policyCost, right: voteRight },
    },
    { name: 'oracle', detail: 'of the chain', outcomes: oracle(chain) },
    ...(models.length === 0 ? [] : [{ name: 'oracle', detail: 'of all models', outcomes: oracle(outcomes) }]),
  ];
}

function mixture({ models, train, policyCost }: BaselineInput): NamedOutcomes {
  const here = models.map(({ outcomes }) => pointOf(outcomes));
  const points = here.map(({ cost, accuracy }, at) => ({
    cost,
    accuracy: train === null ? accuracy : pointOf(train.models[at] ?? EMPTY).accuracy,
  }));
  const { shares } = bestMixture(points, mean(policyCost));
  const parts = shares.flatMap(({ index, share }) => {
    const model = models[index];
    return model === undefined ? [] : [{ ...model, share }];
  });
  const detail = parts.map(({ model, share }) => `${(100 * share).toFixed(0)}% ${model}`).join(' + ');
  return { name: 'best mixture', detail, outcomes: blend(parts, policyCost.length) };
}

/** Among the models that no other is as cheap and as accurate as: the others would only add noise. */
function router({ models, prompts, train, policyCost }: BaselineInput): NamedOutcomes {
  const fitted = train ?? { prompts, models: models.map(({ outcomes }) => outcomes) };
  const points = fitted.models.map(pointOf);
  const worthwhile = points.flatMap((point, at) => (isDominated(point, points) ? [] : [at]));
  const pick = <Item>(items: readonly Item[]): Item[] => items.filter((_, at) => worthwhile.includes(at));
  const predicted = routerPredictions(
    { prompts: fitted.prompts, right: pick(fitted.models).map(({ right }) => right) },
    train === null ? null : prompts,
  );
  return {
    name: 'router',
    detail: 'on the prompt alone',
    outcomes: routed(
      predicted,
      pick(points).map(({ cost }) => cost),
      pick(models).map(({ outcomes }) => outcomes),
      mean(policyCost),
    ),
  };
}

function isDominated(point: Point, points: readonly Point[]): boolean {
  return points.some(
    (other) =>
      other.cost <= point.cost &&
      other.accuracy >= point.accuracy &&
      (other.cost < point.cost || other.accuracy > point.accuracy),
  );
}

const EMPTY: Outcomes = { cost: [], right: [] };
