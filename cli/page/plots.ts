import * as Plot from '@observablehq/plot';
import { displayUsd, type Picodollars } from '../../core/money.ts';
import { displaySpend } from '../../core/spend.ts';
import { draw, percentTick } from './draw.ts';
import { KINDS, type ClassBar, type DayBar, type Kind, type SavingsRange, type StageStep } from './model.ts';

/** Charts as SVG text. Colours are the page's CSS variables, so that they follow light and dark. */

const PICODOLLARS = 1e12;
const KIND_ORDER = Object.keys(KINDS) as Kind[];

/** What is certain is solid; what lies between the low and the high bound is hatched. */
const HATCH = 'url(#hatch)';

/** Spend by class, the largest first. */
export function classesPlot(classes: readonly ClassBar[]): string {
  const rows = classes
    .map((row) => ({
      ...row,
      low: dollars(row.spend.low),
      high: dollars(row.spend.high ?? row.spend.low),
      label: `${displaySpend(row.spend)} · ${row.attempts} request${row.attempts === 1 ? '' : 's'}`,
    }))
    .sort((a, b) => b.high - a.high);
  const top = Math.max(...rows.map(({ high }) => high), 0);
  return draw({
    height: 40 + rows.length * 30,
    marginLeft: 120,
    marginRight: 250,
    x: { label: null, domain: [0, top || 1], tickFormat: usdTick, grid: true, ticks: 5 },
    y: { label: null, domain: rows.map(({ name }) => name), padding: 0.25 },
    marks: [
      Plot.barX(rows, { x: 'low', y: 'name', fill: ({ kind }: ClassBar) => colour(kind), title: 'words' }),
      Plot.barX(
        rows.filter(({ low, high }) => high > low),
        { x1: 'low', x2: 'high', y: 'name', fill: HATCH, title: () => 'between the low and the high bound' },
      ),
      Plot.text(rows, { x: 'high', y: 'name', text: 'label', textAnchor: 'start', dx: 8 }),
    ],
  });
}

/** Low bounds of a day's spend, stacked by what it was for. */
export function daysPlot(days: readonly DayBar[]): string {
  const bars = days.flatMap(({ day, spend }) =>
    KIND_ORDER.flatMap((kind) => {
      const part = spend[kind];
      return part === undefined || part.low === 0n ? [] : [{ day, kind, low: dollars(part.low) }];
    }),
  );
  const domain = days.map(({ day }) => day);
  const every = Math.max(1, Math.ceil(domain.length / 8));
  return draw({
    height: 240,
    marginLeft: 70,
    x: {
      label: null,
      domain,
      padding: 0.15,
      ticks: domain.filter((_, index) => index % every === 0),
      tickFormat: (day: string) => day.slice(5),
    },
    y: { label: null, grid: true, ticks: 5, tickFormat: usdTick },
    marks: [
      Plot.barY(
        bars,
        Plot.stackY({
          x: 'day',
          y: 'low',
          fill: ({ kind }: { kind: Kind }) => colour(kind),
          order: KIND_ORDER.map(colour),
          title: ({ day, kind, low }: { day: string; kind: Kind; low: number }) =>
            `${day} · ${KINDS[kind]} · at least ${usdTick(low)}`,
        }),
      ),
      Plot.ruleY([0]),
    ],
  });
}

/** How far queries climb: of all queries, those that end at each stage and those that go on. */
export function staircasePlot(stages: readonly StageStep[]): string {
  const rows = stages.map((stage) => ({
    ...stage,
    name: `${stage.place} · ${stage.model}`,
    endedShare: stage.share * (stage.reached === 0 ? 0 : stage.ended / stage.reached),
    label: `${stage.ended} of ${stage.reached} end here · ${displaySpend(stage.spend)}`,
  }));
  return draw({
    height: 40 + rows.length * 44,
    marginLeft: 170,
    marginRight: 270,
    x: { label: null, domain: [0, 1], tickFormat: percentTick, ticks: 5, grid: true },
    y: { label: null, domain: rows.map(({ name }) => name), padding: 0.3 },
    marks: [
      Plot.barX(rows, {
        x: 'share',
        y: 'name',
        fill: 'var(--faint)',
        title: () => 'share of all queries that come here',
      }),
      Plot.barX(rows, {
        x: 'endedShare',
        y: 'name',
        fill: 'var(--answers)',
        title: () => 'share of all queries that end here',
      }),
      Plot.text(rows, { x: 'share', y: 'name', text: 'label', textAnchor: 'start', dx: 8 }),
    ],
  });
}

/** Acceptance of each stage against the rate from which it pays by itself. */
export function breakEvenPlot(stages: readonly StageStep[]): string | null {
  const rows = stages
    .filter(({ acceptance, breakEven }) => acceptance !== null && breakEven !== null)
    .map((stage) => {
      const low = stage.breakEven?.low ?? 0;
      const high = stage.breakEven?.high ?? low;
      return { ...stage, name: `${stage.place} · ${stage.model}`, low, high };
    });
  if (rows.length === 0) return null;
  const top = Math.max(1, ...rows.map(({ high }) => Math.min(high, 1.5)));
  return draw({
    height: 50 + rows.length * 40,
    marginLeft: 170,
    marginRight: 40,
    x: { label: null, domain: [0, top], clamp: true, tickFormat: percentTick, grid: true, ticks: 6 },
    y: { label: null, domain: rows.map(({ name }) => name), padding: 0.4 },
    marks: [
      Plot.barX(rows, {
        x1: 'low',
        x2: 'high',
        y: 'name',
        fill: 'var(--twice)',
        fillOpacity: 0.35,
        title: () => 'break-even lies in here',
      }),
      Plot.tickX(rows, { x: 'low', y: 'name', stroke: 'var(--twice)', strokeWidth: 2 }),
      Plot.tickX(rows, { x: 'high', y: 'name', stroke: 'var(--twice)', strokeWidth: 2 }),
      Plot.dot(rows, {
        x: 'acceptance',
        y: 'name',
        r: 6,
        fill: 'var(--answers)',
        title: ({ acceptance }: StageStep) => `${percentTick(acceptance ?? 0)} stop here`,
      }),
    ],
  });
}

/** Savings as ranges, with zero in sight. A range without an upper end fades out to the right. */
export function savingsPlot(savings: readonly SavingsRange[]): string | null {
  const known = savings.filter(({ low, high }) => low !== null || high !== null);
  if (known.length === 0) return null;
  const ends = known.flatMap(({ low, high }) => [low, high]).filter((end) => end !== null);
  const [least, most] = [Math.min(0, ...ends.map(dollars)), Math.max(0, ...ends.map(dollars))];
  const room = (most - least || 1) * 0.06;
  const rows = known.map((row) => ({
    ...row,
    from: row.low === null ? least - room : dollars(row.low),
    to: row.high === null ? most + room : dollars(row.high),
    open: row.low === null || row.high === null,
    label: savingsText(row),
  }));
  return draw({
    height: 50 + rows.length * 34,
    marginLeft: 170,
    marginRight: 250,
    x: {
      label: null,
      domain: [least - room, most + room],
      tickFormat: usdTick,
      ticks: 5,
      grid: true,
    },
    y: { label: null, domain: rows.map(({ baseline }) => baseline), padding: 0.45 },
    marks: [
      Plot.barX(rows, {
        x1: 'from',
        x2: 'to',
        y: 'baseline',
        fill: 'var(--answers)',
        fillOpacity: ({ open }: { open: boolean }) => (open ? 0.35 : 0.8),
        title: 'label',
      }),
      Plot.tickX(rows, { x: 'from', y: 'baseline', stroke: 'var(--answers)', strokeWidth: 3 }),
      Plot.ruleX([0], { strokeWidth: 1.5 }),
      Plot.text(rows, { x: most + room, y: 'baseline', text: 'label', textAnchor: 'start', dx: 10 }),
    ],
  });
}

/** `$1.20 to $4.00`, `at least $1.20`, with losses told as such. */
export function savingsText({ low, high }: Pick<SavingsRange, 'low' | 'high'>): string {
  if (low === null && high === null) return 'unknown';
  if (low === null) return `at most ${displayUsd(high)}`;
  if (high === null) return `at least ${displayUsd(low)}`;
  return low === high ? displayUsd(low) : `${displayUsd(low)} to ${displayUsd(high)}`;
}

function colour(kind: Kind): string {
  return `var(--${kind})`;
}

/** Only for drawing: no figure is calculated from it. */
function dollars(amount: Picodollars): number {
  return Number(amount) / PICODOLLARS;
}

function usdTick(value: number): string {
  return displayUsd(BigInt(Math.round(value * PICODOLLARS)))
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}
