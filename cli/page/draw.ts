import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

/** Of every chart, in its own units; the page scales it. */
export const WIDTH = 860;

/** A chart as SVG text. Colours are the page's CSS variables, so that they follow light and dark. */
export function draw(options: Plot.PlotOptions): string {
  const document: unknown = Reflect.get(parseHTML('<!doctype html><html><body></body></html>'), 'document');
  const drawn: unknown = Plot.plot({
    width: WIDTH,
    marginTop: 12,
    marginBottom: 28,
    style: { background: 'transparent', color: 'inherit', fontSize: '12px', overflow: 'visible' },
    ...options,
    // This project's types have no DOM; Plot needs only what linkedom has.
    ...({ document } as object),
  });
  return (drawn as { outerHTML: string }).outerHTML;
}

export function percentTick(share: number): string {
  return `${Number((share * 100).toFixed(1))}%`;
}
