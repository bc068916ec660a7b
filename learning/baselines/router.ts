import { sha256 } from '../../core/request-hash.ts';
import { fitLogistic } from './logistic.ts';
import { blend, mean, type Outcomes } from './outcomes.ts';
import { vocabularyOf } from './prompt-terms.ts';

const FOLDS = 5;
/** Of the fits that are compared, by their loss on prompts that they were not fitted on. */
const PENALTIES = [0.01, 0.003, 0.001];

/** Prompts and, for each model, whether it was right on each of them. */
export interface RouterData {
  readonly prompts: readonly string[];
  /** By model, then by prompt: 0 or 1. */
  readonly right: readonly (readonly number[])[];
}

/**
 * P(right) of each model from the prompt alone: a logistic regression on words and pairs of words, whose penalty is
 * chosen by 5-fold cross-fitting on `train`. Folds are by a hash of the prompt, so equal prompts are never in two.
 * @param prompts to be predicted for; null for train itself, each of whose prompts is predicted by a fit without its fold.
 * @returns by model, then by prompt.
 */
export function routerPredictions(train: RouterData, prompts: readonly string[] | null): number[][] {
  const fits = PENALTIES.map((penalty) => ({ penalty, predicted: crossFitted(train, penalty) }));
  const losses = fits.map(({ predicted }) => lossOf(predicted, train.right));
  const best = fits[losses.indexOf(Math.min(...losses))];
  if (best === undefined) throw new RangeError('no penalty to choose from');
  return prompts === null ? best.predicted : predictions(train, best.penalty, prompts);
}

function crossFitted(train: RouterData, penalty: number): number[][] {
  const folds = train.prompts.map((prompt) => Number.parseInt(sha256(prompt).slice(0, 8), 16) % FOLDS);
  const predicted = train.right.map(() => new Array<number>(train.prompts.length).fill(0));
  for (let fold = 0; fold < FOLDS; fold++) {
    const of = (inside: boolean): number[] =>
      folds.flatMap((own, at) => ((own === fold) === inside ? [at] : []));
    const held = of(true);
    const rest = of(false);
    if (held.length === 0 || rest.length === 0) continue;
    const fitted = predictions(
      {
        prompts: rest.map((at) => train.prompts[at] ?? ''),
        right: train.right.map((own) => rest.map((at) => own[at] ?? 0)),
      },
      penalty,
      held.map((at) => train.prompts[at] ?? ''),
    );
    predicted.forEach((own, model) => {
      held.forEach((at, index) => {
        own[at] = fitted[model]?.[index] ?? 0;
      });
    });
  }
  return predicted;
}

function predictions({ prompts, right }: RouterData, penalty: number, asked: readonly string[]): number[][] {
  const { size, termsOf } = vocabularyOf(prompts);
  const predict = fitLogistic(prompts.map(termsOf), size, right, penalty);
  const byPrompt = asked.map((prompt) => predict(termsOf(prompt)));
  return right.map((_, model) => byPrompt.map((probabilities) => probabilities[model] ?? 0));
}

function lossOf(predicted: readonly (readonly number[])[], right: readonly (readonly number[])[]): number {
  return mean(
    predicted.flatMap((own, model) =>
      own.map((probability, at) => -Math.log(right[model]?.[at] === 1 ? probability : 1 - probability)),
    ),
  );
}

/** Halvings of the price of money: the two rules that enclose the budget then differ in a query or two. */
const HALVINGS = 60;

/**
 * Routes each query to the model with the highest P(right) − λ · expected cost, with the λ at which the queries cost
 * `budget` on average: exactly, by chance between the two rules nearest to it. Where the most accurate choice costs less, it
 * is that; where even the cheapest costs more, the rest of the queries is left unanswered.
 * @param predicted by model, then by query. @param models what the models did on the same queries; read for the answer
 *   and for the budget, never for the choice. @param expectedCost by model, known beforehand.
 */
export function routed(
  predicted: readonly (readonly number[])[],
  expectedCost: readonly number[],
  models: readonly Outcomes[],
  budget: number,
): Outcomes {
  const queries = models[0]?.cost.length ?? 0;
  const at = (lambda: number): Outcomes => {
    const chosen = Array.from({ length: queries }, (_, query) => {
      const values = predicted.map((own, model) => (own[query] ?? 0) - lambda * (expectedCost[model] ?? 0));
      return values.indexOf(Math.max(...values));
    });
    return {
      cost: chosen.map((model, query) => models[model]?.cost[query] ?? 0),
      right: chosen.map((model, query) => models[model]?.right[query] ?? 0),
    };
  };
  const dearest = at(0);
  if (mean(dearest.cost) <= budget) return dearest;
  let low = 0;
  // Above this λ one unit of difference in P is worth less than the smallest difference in cost.
  let high = 1 / smallestGap(expectedCost);
  const cheapest = at(high);
  if (mean(cheapest.cost) > budget) {
    return blend([{ outcomes: cheapest, share: budget / mean(cheapest.cost) }], queries);
  }
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (mean(at(middle).cost) > budget) low = middle;
    else high = middle;
  }
  const [above, below] = [at(low), at(high)];
  const share = (budget - mean(below.cost)) / (mean(above.cost) - mean(below.cost));
  return blend(
    [
      { outcomes: above, share },
      { outcomes: below, share: 1 - share },
    ],
    queries,
  );
}

/** Between two different costs; 1 where there are no two. */
function smallestGap(costs: readonly number[]): number {
  const sorted = [...new Set(costs)].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((cost, at) => cost - (sorted[at] ?? 0));
  return gaps.length === 0 ? 1 : Math.min(...gaps);
}
