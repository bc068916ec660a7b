import * as Plot from '@observablehq/plot';
import { percent } from '../output.ts';
import { draw, percentTick, WIDTH } from '../page/draw.ts';
import { labelPlaces } from './label-places.ts';
import { COLOURS } from './plots.ts';
import { halvesOf } from './words.ts';
import type { LearnResult } from './result.ts';

const HEIGHT = 460;
const MARGIN = { marginLeft: 60, marginRight: 30, marginTop: 25, marginBottom: 45 };

interface Dot {
  readonly name: string;
  readonly colour: string;
  readonly train: Place;
  readonly test: Place | null;
}

interface Place {
  readonly cost_share: number;
  readonly accuracy: number;
}

/** Cost, on a logarithmic scale, against accuracy: single models, the policy, the mixture it must beat, and the frontier. */
export function frontierPlot(result: LearnResult): string {
  const all = dotsOf(result);
  const places = [
    ...all.flatMap(({ train, test }) => [train, ...(test === null ? [] : [test])]),
    ...result.frontier,
  ];
  // A model that costs nothing has no logarithm: it stands at the left edge.
  const priced = places.map(({ cost_share }) => cost_share).filter((cost) => cost > 0);
  const least = Math.min(...priced, 1) / 1.25;
  const x = { domain: [least, Math.max(...priced, 1) * 2.2] as const };
  const accuracies = places.map(({ accuracy }) => accuracy);
  const pad = Math.max(0.005, 0.06 * (Math.max(...accuracies) - Math.min(...accuracies)));
  const y = {
    domain: [Math.max(0, Math.min(...accuracies) - pad), Math.min(1, Math.max(...accuracies) + pad)] as const,
  };
  const costOf = ({ cost_share }: Place): number => Math.max(least, cost_share);
  const [, shown] = halvesOf(result).at(-1)!;
  const labels = labelPlaces(
    all.map(({ name, train, test }) => ({ name, x: costOf(test ?? train), y: (test ?? train).accuracy })),
    { x: x.domain, y: y.domain },
    { width: WIDTH, height: HEIGHT, ...MARGIN },
  );
  const title =
    (half: string, place: (dot: Dot) => Place) =>
    (dot: Dot): string =>
      `${dot.name}, ${half}: ${percent(place(dot).accuracy)} at ${percent(place(dot).cost_share)}`;
  const tested = all.filter(({ test }) => test !== null);
  const testOf = ({ train, test }: Dot): Place => test ?? train;
  return draw({
    height: HEIGHT,
    ...MARGIN,
    x: {
      ...x,
      type: 'log',
      label: 'mean cost, of the reference’s',
      grid: true,
      tickFormat: tickOf,
      ticks: 5,
    },
    y: { ...y, label: 'right', grid: true, tickFormat: percentTick, ticks: 6 },
    marks: [
      Plot.line(result.frontier, {
        x: costOf,
        y: 'accuracy',
        stroke: COLOURS.policy,
        strokeOpacity: 0.55,
        strokeWidth: 2,
      }),
      Plot.link(tested, {
        x1: ({ train }: Dot) => costOf(train),
        y1: ({ train }: Dot) => train.accuracy,
        x2: (dot: Dot) => costOf(testOf(dot)),
        y2: (dot: Dot) => testOf(dot).accuracy,
        stroke: ({ colour }: Dot) => colour,
        strokeOpacity: 0.4,
      }),
      Plot.ruleX([shown], {
        x: costOf,
        y1: shown.accuracy_interval[0],
        y2: shown.accuracy_interval[1],
        stroke: COLOURS.policy,
        strokeWidth: 2,
      }),
      Plot.dot(all, {
        x: ({ train }: Dot) => costOf(train),
        y: ({ train }: Dot) => train.accuracy,
        ...{ r: 4.5, fill: 'var(--card)', stroke: ({ colour }: Dot) => colour },
        title: title('train', ({ train }) => train),
      }),
      Plot.dot(tested, {
        x: (dot: Dot) => costOf(testOf(dot)),
        y: (dot: Dot) => testOf(dot).accuracy,
        ...{ r: 5, fill: ({ colour }: Dot) => colour },
        title: title('test', testOf),
      }),
      Plot.text(labels, { x: 'x', y: 'y', text: 'name', textAnchor: 'start', dx: 10, fontSize: 11 }),
    ],
  });
}

function dotsOf({ models, reference, best_mixture, train, test }: LearnResult): Dot[] {
  return [
    ...models.map((one) => ({
      name: one.model === reference ? `${one.model} (reference)` : one.model,
      colour: COLOURS.models,
      train: one.train,
      test: one.test,
    })),
    { name: 'best mixture', colour: COLOURS.mixture, ...best_mixture },
    { name: 'the policy', colour: COLOURS.policy, train, test },
  ];
}

/** Ticks of a logarithmic scale: only 1, 2 and 5 of each power have room for words. */
function tickOf(share: number): string {
  const digit = Number(share.toExponential().charAt(0));
  return [1, 2, 5].includes(digit) ? percentTick(share) : '';
}
