import * as Plot from '@observablehq/plot';
import { draw, percentTick } from '../page/draw.ts';
import { halvesOf } from './words.ts';
import type { CertificationResult, LearnResult } from './result.ts';

/** Colours by what is shown, on every chart of the page. */
export const COLOURS = {
  policy: 'var(--answers)',
  models: 'var(--aside)',
  mixture: 'var(--twice)',
  quiet: 'var(--unsettled)',
} as const;

interface Half {
  /** Which model or stage. */
  readonly name: string;
  readonly half: string;
  readonly value: number;
}

/** Measured on test is filled, on train hollow: what was learned from flatters. */
function dots(rows: readonly Half[], filled: string, colour: string): Plot.Markish[] {
  const title = ({ name, half, value }: Half): string => `${name}, ${half}: ${value.toFixed(3)}`;
  return [
    Plot.dot(
      rows.filter(({ half }) => half !== filled),
      { x: 'value', y: 'name', r: 5, stroke: colour, strokeWidth: 1.5, fill: 'var(--card)', title },
    ),
    Plot.dot(
      rows.filter(({ half }) => half === filled),
      { x: 'value', y: 'name', r: 5.5, fill: colour, title },
    ),
  ];
}

/** How well the own score tells right responses from wrong ones, model by model; 0.5 is chance. */
export function aurocPlot(result: LearnResult): string {
  const halves = halvesOf(result);
  const rows = halves.flatMap(([half, figures]) =>
    Object.entries(figures.auroc_by_model).flatMap(([name, value]) =>
      value === null ? [] : [{ name, half, value }],
    ),
  );
  const names = result.models.map(({ model }) => model);
  const least = Math.min(0.5, ...rows.map(({ value }) => value));
  return draw({
    height: 45 + names.length * 24,
    marginLeft: 210,
    marginRight: 30,
    x: {
      label: null,
      domain: [least, 1],
      grid: true,
      ticks: 6,
      tickFormat: (value: number) => value.toFixed(1),
    },
    y: { label: null, domain: names },
    marks: [
      Plot.ruleX([0.5], { stroke: COLOURS.quiet, strokeDasharray: '4 3' }),
      ...dots(rows, halves.at(-1)?.[0] ?? '', COLOURS.models),
    ],
  });
}

/** How far queries climb: the share of all that reaches each stage. */
export function escalationPlot(result: LearnResult): string {
  const halves = halvesOf(result);
  const rows = halves.flatMap(([half, { escalation }]) =>
    escalation.map((value, stage) => ({ name: `${stage + 1} · ${result.chain[stage] ?? ''}`, half, value })),
  );
  const shown = halves.at(-1)?.[0] ?? '';
  const bars = rows.filter(({ half }) => half === shown);
  return draw({
    height: 45 + bars.length * 40,
    marginLeft: 210,
    marginRight: 70,
    x: { label: null, domain: [0, 1], tickFormat: percentTick, ticks: 5, grid: true },
    y: { label: null, domain: bars.map(({ name }) => name), padding: 0.35 },
    marks: [
      Plot.barX(bars, { x: 'value', y: 'name', fill: COLOURS.policy }),
      Plot.text(bars, {
        x: 'value',
        y: 'name',
        text: ({ value }: Half) => percentTick(value),
        textAnchor: 'start',
        dx: 8,
      }),
      Plot.tickX(
        rows.filter(({ half }) => half !== shown),
        { x: 'value', y: 'name', stroke: 'var(--ink)', strokeWidth: 2, title: () => 'on train' },
      ),
    ],
  });
}

/** What became of the responses that each stage's calls were paid for, in shares of all spend. */
export const BECAME = {
  served: { colour: 'var(--answers)', words: 'served' },
  agreed: { colour: 'var(--aside)', words: 'agreed with what was served' },
  discarded: { colour: 'var(--twice)', words: 'discarded' },
  scoring: { colour: 'var(--unsettled)', words: 'asking the judge and the embedder' },
} as const;

/** Nothing is said of asking a judge where there is none. */
export function becameOf({ test, train }: LearnResult): (keyof typeof BECAME)[] {
  const isScored = (test ?? train).spend_by_stage.some(({ scoring }) => scoring !== undefined);
  const kinds = Object.keys(BECAME) as (keyof typeof BECAME)[];
  return kinds.filter((kind) => kind !== 'scoring' || isScored);
}

export function spendPlot(result: LearnResult): string {
  const stages = (result.test ?? result.train).spend_by_stage;
  const kinds = becameOf(result);
  const bars = stages.flatMap((stage, at) => {
    let from = 0;
    return kinds.map((kind) => {
      const x1 = from;
      from += stage[kind] ?? 0;
      return { name: `${at + 1} · ${stage.model}`, kind, x1, x2: from };
    });
  });
  const totals = bars.filter(({ kind }) => kind === kinds.at(-1));
  return draw({
    height: 45 + stages.length * 40,
    marginLeft: 210,
    marginRight: 70,
    x: { label: null, tickFormat: percentTick, ticks: 5, grid: true },
    y: { label: null, domain: totals.map(({ name }) => name), padding: 0.35 },
    marks: [
      Plot.barX(bars, {
        ...{ x1: 'x1', x2: 'x2', y: 'name' },
        fill: ({ kind }: (typeof bars)[number]) => BECAME[kind].colour,
        title: ({ kind, x1, x2 }: (typeof bars)[number]) => `${BECAME[kind].words}: ${percentTick(x2 - x1)}`,
      }),
      Plot.text(totals, {
        ...{ x: 'x2', y: 'name', textAnchor: 'start', dx: 8 },
        text: ({ x2 }: (typeof bars)[number]) => percentTick(x2),
      }),
    ],
  });
}

/** Bins of answers: the confidence that they were served with, and how many were right. The band is what chance allows. */
export function reliabilityPlot(result: LearnResult): string {
  const halves = halvesOf(result);
  const filled = halves.at(-1)?.[0] ?? '';
  const bins = halves.flatMap(([half, { reliability }]) => reliability.map((bin) => ({ ...bin, half })));
  const least = Math.min(...bins.flatMap(({ confidence, accuracy }) => [confidence, accuracy]));
  const from = Math.max(0, Math.floor(10 * least - 0.5) / 10);
  const band = bins
    .filter(({ half }) => half === filled)
    .map(({ confidence, count }) => {
      const chance = Z95 * Math.sqrt((confidence * (1 - confidence)) / count);
      return { confidence, low: Math.max(from, confidence - chance), high: Math.min(1, confidence + chance) };
    });
  const title = ({ half, count, confidence, accuracy }: (typeof bins)[number]): string =>
    `${half}: ${count} answers, confidence ${percentTick(confidence)}, right ${percentTick(accuracy)}`;
  return draw({
    ...{ height: 340, marginLeft: 60, marginRight: 30, marginBottom: 45, marginTop: 25 },
    x: { label: 'confidence', domain: [from, 1], tickFormat: percentTick, ticks: 6 },
    y: { label: 'right', domain: [from, 1], tickFormat: percentTick, ticks: 6, grid: true },
    marks: [
      Plot.areaY(band, { x: 'confidence', y1: 'low', y2: 'high', fill: 'var(--faint)' }),
      Plot.line([from, 1], {
        x: (value: number) => value,
        y: (value: number) => value,
        stroke: COLOURS.quiet,
        strokeDasharray: '4 3',
      }),
      Plot.dot(
        bins.filter(({ half }) => half !== filled),
        { x: 'confidence', y: 'accuracy', r: 4.5, stroke: COLOURS.policy, fill: 'var(--card)', title },
      ),
      Plot.dot(
        bins.filter(({ half }) => half === filled),
        { x: 'confidence', y: 'accuracy', r: 5, fill: COLOURS.policy, title },
      ),
    ],
  });
}

/** Two-sided 95% of the normal distribution. */
const Z95 = 1.96;
/** Smaller p-values are drawn here: a logarithm has no zero. */
const LEAST_P = 1e-4;

/** p-values of the points that were tested, and where the plug-in would have gone. */
export function pathPlot({ p_values, level, path, point, plug_in }: CertificationResult): string {
  const tested = p_values.map((value, place) => ({ place, value, drawn: Math.max(LEAST_P, value) }));
  return draw({
    ...{ height: 280, marginLeft: 75, marginRight: 40, marginBottom: 45, marginTop: 25 },
    x: {
      label: 'point of the path: careful to cheap',
      domain: [-0.5, path.length - 0.5],
      ticks: 8,
      tickFormat: (place: number) => (Number.isInteger(place) ? String(place) : ''),
    },
    y: {
      label: 'p-value',
      type: 'log',
      domain: [LEAST_P, 1],
      grid: true,
      ticks: 4,
      tickFormat: (value: number) => (value === LEAST_P ? `≤ ${value}` : String(value)),
    },
    marks: [
      Plot.ruleY([level], { stroke: COLOURS.mixture, strokeWidth: 1.5 }),
      Plot.text([level], {
        x: path.length - 0.5,
        y: (value: number) => value,
        text: () => 'level',
        textAnchor: 'start',
        dx: 4,
        fill: COLOURS.mixture,
      }),
      ...(plug_in === null
        ? []
        : [
            Plot.ruleX([plug_in], { stroke: COLOURS.quiet, strokeDasharray: '4 3' }),
            Plot.text([plug_in], {
              x: (place: number) => place,
              text: () => 'plug-in',
              frameAnchor: 'top',
              dy: -12,
              fill: COLOURS.quiet,
            }),
          ]),
      Plot.dot(tested, {
        ...{ x: 'place', y: 'drawn', stroke: COLOURS.policy, strokeWidth: 1.5 },
        r: ({ place }: (typeof tested)[number]) => (place === point ? 7 : 4),
        fill: ({ place }: (typeof tested)[number]) => (place <= point ? COLOURS.policy : 'var(--card)'),
        title: ({ place, value }: (typeof tested)[number]) => `point ${place}: p = ${value.toPrecision(2)}`,
      }),
    ],
    r: { type: 'identity' },
  });
}
