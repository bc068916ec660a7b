import { html } from 'hono/html';
import { displaySpend } from '../../core/spend.ts';
import { percent } from '../output.ts';
import { documentHtml, factsHtml, figure, legend, tableHtml, tileRow, type Markup } from './layout.ts';
import { KINDS, type Page, type PageTask, type SavingsRange, type StageStep } from './model.ts';
import { breakEvenPlot, classesPlot, daysPlot, savingsPlot, savingsText, staircasePlot } from './plots.ts';

/** The report as one page. */
export function pageHtml(page: Page): Promise<string> {
  return documentHtml(
    page.title,
    html`<p>${page.about}</p>
      ${page.tasks.length > 1 ? contents(page.tasks) : ''}`,
    html`${page.tasks.map(taskSection)}`,
  );
}

function contents(tasks: readonly PageTask[]): Markup {
  return html`<nav>${tasks.map(({ name }) => html`<a href="#${anchor(name)}">${name}</a>`)}</nav>`;
}

function taskSection(task: PageTask): Markup {
  return html`<section id="${anchor(task.name)}">
    <h2>${task.name}</h2>
    <p class="about">${task.about}</p>
    ${tileRow(task.tiles)}
    ${figure(
      'Where the money went',
      'Each request is in exactly one class. Solid is certain, hatched lies between the low and the high bound.',
      classesPlot(task.classes),
      legend(
        [...new Set(task.classes.map(({ kind }) => kind))].map((kind) => ({
          colour: `var(--${kind})`,
          words: KINDS[kind],
        })),
      ),
    )}
    ${task.days.length < 2 ? '' : figure('Day by day', 'Low bounds, by the UTC day on which queries started.', daysPlot(task.days), '')}
    ${task.stages.length === 0 ? '' : staircase(task.stages)}
    ${task.savings.length === 0 ? '' : savings(task)} ${factsHtml(task.facts)}
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
  ${tableHtml(
    ['stage', 'reached', 'stop here', 'spend', 'verdict'],
    stages.map((stage) => [
      `${stage.place} · ${stage.model}`,
      String(stage.reached),
      stage.acceptance === null ? '–' : percent(stage.acceptance),
      displaySpend(stage.spend),
      stage.verdict,
    ]),
  )}`;
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
  ${savingsTable('baseline', ranges)} ${simulated === null ? '' : simulatedSavings(simulated)}`;
}

function simulatedSavings({ queries, savings, leftOut }: NonNullable<PageTask['simulated']>): Markup {
  return html`${savingsTable(`simulated on ${queries} recorded queries`, savings)}
  ${leftOut.map((sentence) => html`<p>${sentence}</p>`)}`;
}

function savingsTable(what: string, ranges: readonly SavingsRange[]): Markup {
  return tableHtml(
    [what, 'saved', 'accuracy against it'],
    ranges.map((range) => [range.baseline, savingsText(range), range.accuracy]),
  );
}

function anchor(name: string): string {
  return `task-${name.replace(/[^\w-]/g, '-')}`;
}
