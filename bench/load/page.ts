import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { JobDone } from '../run/jobs.ts';
import type { PercentileLine } from './distribution.ts';

const WIDTH = 900;

/** A page of its own with the latencies as they came, and their distribution. */
export function loadPage(load: {
  readonly title: string;
  readonly summary: readonly string[];
  readonly percentiles: readonly PercentileLine[];
  readonly done: JobDone;
}): string {
  const { title, summary, percentiles, done } = load;
  const answers = done.latenciesMs.map((ms, index) => ({ ms, at: (done.endedAtMs[index] ?? 0) / 1_000 }));
  const overTime = draw({
    height: 320,
    x: { label: 'seconds from the start, at the answer' },
    y: { label: 'ms', grid: true, zero: true },
    marks: [Plot.dot(answers, { x: 'at', y: 'ms', r: 1.5, fill: 'currentColor', fillOpacity: 0.4 })],
  });
  const histogram = draw({
    height: 240,
    x: { label: 'ms' },
    y: { label: 'cascades', grid: true },
    marks: [
      Plot.rectY(answers, { ...Plot.binX({ y: 'count' }, { x: 'ms', thresholds: 60 }), fill: 'steelblue' }),
      Plot.ruleX(percentiles, { x: 'ms', stroke: 'crimson', strokeDasharray: '3,3' }),
      Plot.text(percentiles, {
        x: 'ms',
        frameAnchor: 'top',
        text: ({ share }: PercentileLine) => `p${share}`,
        rotate: -90,
        textAnchor: 'end',
        dx: -6,
      }),
      Plot.ruleY([0]),
    ],
  });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${title}</title>
<style>body { font: 15px system-ui, sans-serif; max-width: ${WIDTH}px; margin: 2rem auto; }</style>
<h1>${title}</h1>
${summary.map((line) => `<p>${escaped(line)}</p>`).join('\n')}
<h2>As they came</h2>
${overTime}
<h2>How they are spread</h2>
${histogram}
</html>
`;
}

function draw(options: Plot.PlotOptions): string {
  const document: unknown = Reflect.get(parseHTML('<!doctype html><html><body></body></html>'), 'document');
  const drawn: unknown = Plot.plot({
    width: WIDTH,
    marginLeft: 60,
    style: { background: 'transparent' },
    ...options,
    // This project's types have no DOM; Plot needs only what linkedom has.
    ...({ document } as object),
  });
  return (drawn as { outerHTML: string }).outerHTML;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
