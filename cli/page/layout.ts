import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import type { Tile } from './model.ts';
import { STYLE } from './style.ts';

export type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A page that needs nothing but itself: no script, no font, no address. @param about stands under the title. */
export async function documentHtml(title: string, about: Markup | string, main: Markup): Promise<string> {
  const markup = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        ${raw(HATCH_PATTERN)}
        <header>
          <h1>${title}</h1>
          ${about}
        </header>
        <main>${main}</main>
      </body>
    </html>`;
  return markup.toString();
}

/** Shared by all charts of the page: SVG finds it by its id anywhere in the document. */
const HATCH_PATTERN = `<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" fill="var(--faint)"/><line x1="0" y1="0" x2="0" y2="6" stroke="var(--uncertain)" stroke-width="3"/></pattern></defs></svg>`;

export function tileRow(tiles: readonly Tile[]): Markup {
  return html`<div class="tiles">
    ${tiles.map(
      ({ label, value, note, kind }) =>
        html`<div class="tile ${kind ?? ''}">
          <b>${label}</b><span>${value}</span><small>${note}</small>
        </div>`,
    )}
  </div>`;
}

export function figure(title: string, caption: string, svg: string, extra: Markup | string): Markup {
  return html`<figure>
    <h3>${title}</h3>
    <figcaption>${caption}</figcaption>
    ${extra}
    <div class="plot">${raw(svg)}</div>
  </figure>`;
}

/** What the colours of a chart mean. */
export function legend(entries: readonly { readonly colour: string; readonly words: string }[]): Markup {
  return html`<p class="legend">
    ${entries.map(({ colour, words }) => html`<span><i style="background: ${colour}"></i>${words}</span>`)}
  </p>`;
}

/** Rows under a heading; wide ones scroll by themselves. */
export function tableHtml(head: readonly string[], rows: readonly (readonly string[])[]): Markup {
  return html`<div class="wide">
    <table>
      <tr>
        ${head.map((cell) => html`<th>${cell}</th>`)}
      </tr>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell) => html`<td>${cell}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`;
}

/** What the figures rest on, folded away. */
export function factsHtml(facts: readonly (readonly [string, string])[]): Markup {
  return html`<details>
    <summary>What these figures rest on</summary>
    <table>
      ${facts.map(
        ([name, value]) =>
          html`<tr>
            <th>${name}</th>
            <td>${value}</td>
          </tr>`,
      )}
    </table>
  </details>`;
}
