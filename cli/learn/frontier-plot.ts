import * as Plot from '@observablehq/plot';
import { percent } from '../output.ts';
import { draw, percentTick, WIDTH } from '../page/draw.ts';
import { LABEL_GAP, labelPlaces, type PlacedLabel } from './label-places.ts';
import { COLOURS } from './plots.ts';
import type { LearnResult } from './result.ts';
import { halvesOf } from './words.ts';

const HEIGHT = 520;
const MARGIN = { marginLeft: 60, marginRight: 20, marginTop: 25, marginBottom: 45 };
const ACCURACY_TICKS = [0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.99, 0.995];
/** Fewer errors, and less cost, than these have no room on a logarithmic scale. */
const LEAST_ERROR = 0.002;
const LEAST_COST = 1e-4;

interface Place {
  readonly cost_share: number;
  readonly accuracy: number;
}

interface Dot {
  readonly name: string;
  readonly colour: string;
  readonly train: Place;
  /** On test where there is one, else on train. */
  readonly shown: Place;
}

/**
 * Cost against accuracy: single models, the policy, the mixture that it must beat, and the frontier of the search. Both
 * scales are logarithmic, cost and the share of errors: what matters lies close together near 100%.
 */
export function frontierPlot(result: LearnResult): string {
  const all = dotsOf(result);
  const places = [...all.flatMap(({ train, shown }) => [train, shown]), ...result.frontier];
  const costs = scaleOf(places.map(costOf), 1.3);
  const [shownHalf, figures] = halvesOf(result).at(-1)!;
  const [worst, best] = figures.accuracy_interval;
  const [y1, y2] = [errorOf({ ...figures, accuracy: worst }), errorOf({ ...figures, accuracy: best })];
  const errors = scaleOf([...places.map(errorOf), y1, y2], 1.1);
  const across = WIDTH - MARGIN.marginLeft - MARGIN.marginRight;
  const down = HEIGHT - MARGIN.marginTop - MARGIN.marginBottom;
  const labels = labelPlaces(
    all.map(({ name, colour, shown }) => ({
      ...{ name, colour },
      x: across * costs.shareOf(costOf(shown)),
      y: down * errors.shareOf(errorOf(shown)),
    })),
    across,
  );
  const named = (side: PlacedLabel['side']) =>
    Plot.text(
      labels.filter((label) => label.side === side),
      {
        x: ({ x }: PlacedLabel) => costs.at(x / across),
        y: ({ y }: PlacedLabel) => errors.at(y / down),
        ...{ text: 'name', fontSize: 11, stroke: 'var(--card)', strokeWidth: 4 },
        fill: ({ colour }: { colour: string }) => (colour === COLOURS.models ? 'var(--ink)' : colour),
        textAnchor: side === 'right' ? 'start' : 'end',
        dx: side === 'right' ? LABEL_GAP : -LABEL_GAP,
      },
    );
  const dot = (place: (of: Dot) => Place, half: string, fill: (of: Dot) => string) =>
    Plot.dot(all, {
      x: (of: Dot) => costOf(place(of)),
      y: (of: Dot) => errorOf(place(of)),
      r: 4.5,
      ...{ fill, stroke: ({ colour }: Dot) => colour },
      title: (of: Dot) =>
        `${of.name}, ${half}: ${percent(place(of).accuracy)} at ${percent(place(of).cost_share)}`,
    });
  return draw({
    height: HEIGHT,
    ...MARGIN,
    x: {
      ...{
        type: 'log',
        domain: costs.domain,
        grid: true,
        ticks: costTicks(costs.domain),
        tickFormat: percentTick,
      },
      label: 'mean cost, of the reference’s',
    },
    y: {
      ...{ type: 'log', domain: [...errors.domain].reverse(), grid: true, label: 'right', labelArrow: 'up' },
      ticks: ACCURACY_TICKS.map((accuracy) => 1 - accuracy).filter(
        (error) => error >= errors.domain[0] && error <= errors.domain[1],
      ),
      tickFormat: (error: number) => percentTick(1 - error),
    },
    marks: [
      Plot.line(result.frontier, {
        ...{ x: costOf, y: errorOf, stroke: COLOURS.policy, strokeOpacity: 0.5, strokeWidth: 2 },
      }),
      Plot.link(all, {
        x1: ({ train }: Dot) => costOf(train),
        y1: ({ train }: Dot) => errorOf(train),
        x2: ({ shown }: Dot) => costOf(shown),
        y2: ({ shown }: Dot) => errorOf(shown),
        ...{ stroke: ({ colour }: Dot) => colour, strokeOpacity: 0.4 },
      }),
      Plot.ruleX([figures], {
        x: costOf,
        ...{ y1, y2 },
        ...{ stroke: COLOURS.policy, strokeWidth: 2 },
      }),
      dot(
        ({ train }) => train,
        'train',
        () => 'var(--card)',
      ),
      ...(result.test === null
        ? []
        : [
            dot(
              ({ shown }) => shown,
              shownHalf,
              ({ colour }) => colour,
            ),
          ]),
      named('right'),
      named('left'),
    ],
  });
}

function dotsOf({ models, reference, best_mixture, train, test }: LearnResult): Dot[] {
  return [
    ...models.map((one) => ({
      name: one.model === reference ? `${one.model} (reference)` : one.model,
      colour: COLOURS.models,
      train: one.train,
      shown: one.test ?? one.train,
    })),
    {
      name: 'best mixture',
      colour: COLOURS.mixture,
      train: best_mixture.train,
      shown: best_mixture.test ?? best_mixture.train,
    },
    { name: 'the policy', colour: COLOURS.policy, train, shown: test ?? train },
  ];
}

function costOf({ cost_share }: Place): number {
  return Math.max(LEAST_COST, cost_share);
}

function errorOf({ accuracy }: Place): number {
  return Math.max(LEAST_ERROR, 1 - accuracy);
}

/** A logarithmic scale that holds the values with a factor of room on either side. */
function scaleOf(values: readonly number[], room: number) {
  const low = Math.min(...values) / room;
  const high = Math.max(...values) * room;
  return {
    domain: [low, high] as const,
    /** In [0, 1] from the low end. */
    shareOf: (value: number): number => Math.log(value / low) / Math.log(high / low),
    at: (share: number): number => low * (high / low) ** share,
  };
}

/** 1, 2 and 5 of each power of ten: more have no room for words. */
function costTicks([low, high]: readonly [number, number]): number[] {
  const powers = Array.from({ length: 8 }, (_, at) => 10 ** (at - 5));
  return powers
    .flatMap((power) => [1, 2, 5].map((leading) => leading * power))
    .filter((tick) => tick >= low && tick <= high);
}
