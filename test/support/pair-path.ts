import { extractAnswer } from '../../core/answer.ts';
import { costOf } from '../../core/price.ts';
import { chooseChain, demoPolicy } from '../../cli/demo/policy.ts';
import type { PathOutcomes, PointOutcomes } from '../../learning/guarantee/outcomes.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { recordedUsage } from '../../recorded/usage.ts';

const POINTS = 20;
/** More characters than any two responses have. */
const DISAGREEMENT = 1e6;
const PICODOLLARS_PER_USD = 1e12;

/** A path of simple policies on a recorded set, and what it does on the two halves. */
export interface PairPath {
  /** Two cheap models, and the baseline. */
  readonly chain: readonly string[];
  /** On the set's train half, on which the path was made. */
  readonly selection: PathOutcomes;
  /** On its test half. */
  readonly population: PathOutcomes;
}

/**
 * "Ask two cheap models; serve the second one's answer where their doubt is at most L; else ask the baseline." Doubt is the
 * characters of both responses together, and much more where the two disagree. The parameter L rises along the path, to
 * serving the pair's answer always. Nothing is fitted but the choice of the chain and the quantiles of L.
 */
export function pairPath(set: RecordedSet): PairPath {
  const chain = chooseChain(set);
  const queries = set.queries.map((query) => ({ query, pair: pairOf(set, chain, query.id) }));
  const train = queries.filter(({ query }) => query.split !== 'test');
  const test = queries.filter(({ query }) => query.split === 'test');
  const doubts = train.map(({ pair }) => pair.doubt).sort((a, b) => a - b);
  const cutOffs = Array.from(
    { length: POINTS },
    (_, step) => doubts[Math.ceil((doubts.length * (step + 1)) / POINTS) - 1] ?? 0,
  );
  const outcomes = (of: typeof queries): PathOutcomes => ({
    ids: of.map(({ query }) => query.id),
    baselineRight: of.map(({ pair }) => pair.baselineRight),
    points: [null, ...new Set(cutOffs)].map((cutOff) =>
      pointOf(
        of.map(({ pair }) => pair),
        cutOff,
      ),
    ),
  });
  return { chain, selection: outcomes(train), population: outcomes(test) };
}

interface Pair {
  readonly doubt: number;
  readonly right: boolean;
  readonly baselineRight: boolean;
  readonly pairUsd: number;
  readonly baselineUsd: number;
}

function pairOf(set: RecordedSet, chain: readonly string[], id: string): Pair {
  const { answer } = demoPolicy(set, chain);
  const [first, second, baseline] = chain.map((model, stage) => {
    const response = set.responses.get(model)!.get(id)!;
    const rates = recordedPrices(set.models[model]!)[0].rates;
    return {
      answer: extractAnswer(response.text, answer, stage),
      length: response.text.length,
      right: response.correct === 1,
      usd: Number(costOf(recordedUsage(response), rates)) / PICODOLLARS_PER_USD,
    };
  });
  const agrees = first!.answer !== null && first!.answer === second!.answer;
  return {
    doubt: first!.length + second!.length + (agrees ? 0 : DISAGREEMENT),
    right: second!.right,
    baselineRight: baseline!.right,
    pairUsd: first!.usd + second!.usd,
    baselineUsd: baseline!.usd,
  };
}

function pointOf(pairs: readonly Pair[], cutOff: number | null): PointOutcomes {
  const isAccepted = ({ doubt }: Pair): boolean => cutOff !== null && doubt <= cutOff;
  return {
    parameter: cutOff,
    right: pairs.map((pair) => (isAccepted(pair) ? pair.right : pair.baselineRight)),
    accepted: pairs.map(isAccepted),
    costUsd: pairs.map(
      (pair) => (cutOff === null ? 0 : pair.pairUsd) + (isAccepted(pair) ? 0 : pair.baselineUsd),
    ),
  };
}
