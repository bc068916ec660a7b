import { html, raw } from 'hono/html';
import type { HtmlEscapedString } from 'hono/utils/html';
import { displaySpend } from '../../core/spend.ts';
import { percent } from '../output.ts';
import { KINDS, type Kind, type Page, type PageTask, type SavingsRange, type StageStep } from './model.ts';
import { breakEvenPlot, classesPlot, daysPlot, savingsPlot, savingsText, staircasePlot } from './plots.ts';
import { STYLE } from './style.ts';

type Markup = HtmlEscapedString | Promise<HtmlEscapedString>;

/** A page that needs nothing but itself: no script, no font, no address. */
export async function pageHtml(page: Page): Promise<string> {
  const markup = await html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title}</title>
        <style>
          ${raw(STYLE)}
        </style>
      </head>
      <body>
        ${raw(HATCH_PATTERN)}
        <header>
          <h1>${page.title}</h1>
          <p>${page.about}</p>
          ${page.tasks.length > 1 ? contents(page.tasks) : ''}
        </header>
        <main>${page.tasks.map(taskSection)}</main>
      </body>
    </html>`;
  return markup.toString();
}

/** Shared by all charts of the page: SVG finds it by its id anywhere in the document. */
const HATCH_PATTERN = `<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="6" height="6" fill="var(--faint)"/><line x1="0" y1="0" x2="0" y2="6" stroke="var(--uncertain)" stroke-width="3"/></pattern></defs></svg>`;

function contents(tasks: readonly PageTask[]): Markup {
  return html`<nav>${tasks.map(({ name }) => html`<a href="#${anchor(name)}">${name}</a>`)}</nav>`;
}

function taskSection(task: PageTask): Markup {
  return html`<section id="${anchor(task.name)}">
    <h2>${task.name}</h2>
    <p class="about">${task.about}</p>
    <div class="tiles">
      ${task.tiles.map(
        ({ label, value, note, kind }) =>
          html`<div class="tile ${kind ?? ''}">
            <b>${label}</b><span>${value}</span><small>${note}</small>
          </div>`,
      )}
    </div>
    ${figure(
      'Where the money went',
      'Each request is in exactly one class. Solid is certain, hatched lies between the low and the high bound.',
      classesPlot(task.classes),
      legend([...new Set(task.classes.map(({ kind }) => kind))]),
    )}
    ${task.days.length < 2 ? '' : figure('Day by day', 'Low bounds, by the UTC day on which queries started.', daysPlot(task.days), '')}
    ${task.stages.length === 0 ? '' : staircase(task.stages)}
    ${task.savings.length === 0 ? '' : savings(task)}
    <details>
      <summary>What these figures rest on</summary>
      <table>
        ${task.facts.map(
          ([name, value]) =>
            html`<tr>
              <th>${name}</th>
              <td>${value}</td>
            </tr>`,
        )}
      </table>
    </details>
  </section>`;
}

function staircase(stages: readonly StageStep[]): Markup {
  const breakEven = breakEvenPlot(stages);
  return html`${figure(
      'The staircase',
      'Of all queries, those that come to a stage and those that end there.',
      staircasePlot(stages),
      '',
    )}
    ${
      breakEven === null
        ? ''
        : figure(
            'Does a stage pay by itself?',
            'The dot is the share that stops there. The band is where a stage starts to pay: left of it, it does not by itself. A single line is the least that it can be, from the queries that went on, which are dearer.',
            breakEven,
            '',
          )
    }
    <table class="stages">
      <tr>
        <th>stage</th>
        <th>reached</th>
        <th>stop here</th>
        <th>spend</th>
        <th>verdict</th>
      </tr>
      ${stages.map(
        (stage) =>
          html`<tr>
            <td>${stage.place} · ${stage.model}</td>
            <td>${stage.reached}</td>
            <td>${stage.acceptance === null ? '–' : percent(stage.acceptance)}</td>
            <td>${displaySpend(stage.spend)}</td>
            <td>${stage.verdict}</td>
          </tr>`,
      )}
    </table>`;
}

function savings({ savings: ranges, simulated }: PageTask): Markup {
  const plot = savingsPlot(ranges);
  return html`${
    plot === null
      ? ''
      : figure(
          'Saved against a baseline',
          'What the baseline would have cost less everything that the task spent. A range, because what a model would have said to queries that stopped before it was not observed.',
          plot,
          '',
        )
  }
  ${savingsTable('baseline', ranges)}
  ${simulated === null ? '' : savingsTable(`simulated on ${simulated.queries} recorded queries`, simulated.savings)}`;
}

function savingsTable(what: string, ranges: readonly SavingsRange[]): Markup {
  return html`<table>
    <tr>
      <th>${what}</th>
      <th>saved</th>
      <th>accuracy against it</th>
    </tr>
    ${ranges.map(
      (range) =>
        html`<tr>
          <td>${range.baseline}</td>
          <td>${savingsText(range)}</td>
          <td>${range.accuracy}</td>
        </tr>`,
    )}
  </table>`;
}

function figure(title: string, caption: string, svg: string, extra: Markup | string): Markup {
  return html`<figure>
    <h3>${title}</h3>
    <figcaption>${caption}</figcaption>
    ${extra}
    <div class="plot">${raw(svg)}</div>
  </figure>`;
}

function legend(kinds: readonly Kind[]): Markup {
  return html`<p class="legend">
    ${kinds.map((kind) => html`<span><i style="background: var(--${kind})"></i>${KINDS[kind]}</span>`)}
  </p>`;
}

function anchor(name: string): string {
  return `task-${name.replace(/[^\w-]/g, '-')}`;
}
