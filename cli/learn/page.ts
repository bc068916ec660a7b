import { html } from 'hono/html';
import { percent } from '../output.ts';
import { documentHtml, factsHtml, figure, legend, tableHtml, tileRow, type Markup } from '../page/layout.ts';
import type { Tile } from '../page/model.ts';
import { frontierPlot } from './frontier-plot.ts';
import {
  aurocPlot,
  BECAME,
  becameOf,
  COLOURS,
  escalationPlot,
  pathPlot,
  reliabilityPlot,
  spendPlot,
} from './plots.ts';
import type { CertificationResult, LearnResult } from './result.ts';
import {
  answerSentence,
  chosenSentence,
  comparedSentence,
  disagreementSentence,
  evidenceSentence,
  forecastSentence,
  mixtureSentence,
  modelRows,
  pathRows,
  points,
  policyRows,
  promisedSentence,
  rightAnswersSentence,
  spendRows,
  usd,
  type Rows,
} from './words.ts';

/** What was learned as a page that needs nothing but itself; the figures are those of the terminal. */
export function learnPage(result: LearnResult): Promise<string> {
  const { certification, recommendation } = result;
  const isCascade = recommendation === 'cascade';
  return documentHtml(
    `Escalier: what was learned for ${result.task}`,
    html`<p>Asked for: ${result.goal}.</p>`,
    html`<section>
      <h2>${isCascade ? result.chain.join(' → ') : (result.chain[0] ?? '')}</h2>
      <p class="about">${chosenSentence(result)}</p>
      <p class="about">${promisedSentence(result)}</p>
      ${tileRow(tilesOf(result))} ${certification === null ? '' : certificate(certification)}
      ${figure(
        'Cost and accuracy',
        `Every model alone, the policy with its 95% interval, and the best mixture of models at its cost. The line is the best that the search saw at each cost, as it estimates it on train. Both scales are logarithmic, the upright one in errors. ${hollow(result)}`,
        frontierPlot(result),
        legend([
          { colour: COLOURS.policy, words: 'the policy, and the frontier of the search' },
          { colour: COLOURS.models, words: 'single models' },
          { colour: COLOURS.mixture, words: 'best mixture of single models' },
        ]),
      )}
      <p class="about">${mixtureSentence(result)}</p>
      ${rows(policyRows(result))}
      ${
        isCascade
          ? figure(
              'How far queries climb',
              `The share of all queries that reaches each stage${result.test === null ? ', on train' : '; the mark is on train'}.`,
              escalationPlot(result),
              '',
            )
          : ''
      }
      ${figure(
        'Where the money goes',
        'Each stage’s part of all spend, by what became of its responses. What was not served is paid for all the same; where it agreed, it is why the answer was trusted.',
        spendPlot(result),
        legend(becameOf(result).map((kind) => BECAME[kind])),
      )}
      ${rows(spendRows(result))}
      ${figure(
        'Is it as sure as it should be?',
        `Served answers in ten bins of equally many, by confidence. Within the band 95% of bins would lie if every confidence were exact. ${hollow(result)}`,
        reliabilityPlot(result),
        '',
      )}
      ${figure(
        'Does a response show whether it is right?',
        `AUROC of the own score for each model: how often a right response scores above a wrong one. One half is chance. ${hollow(result)}`,
        aurocPlot(result),
        '',
      )}
      ${rows(modelRows(result))} ${factsHtml(factsOf(result))}
    </section>`,
  );
}

function tilesOf({ train, test, certification }: LearnResult): Tile[] {
  const { accuracy, reference_accuracy, cost_share, cost_usd_per_query, paid_twice_share, discarded_share } =
    test ?? train;
  const half = test === null ? 'on train, cross-fitted' : 'on test';
  const difference = `${points(accuracy - reference_accuracy)} points`;
  return [
    {
      label: 'accuracy',
      value: percent(accuracy),
      note: `${half}; the reference ${percent(reference_accuracy)}`,
      kind: 'answers',
    },
    {
      label: 'cost',
      value: percent(cost_share),
      note: `of the reference’s; ${usd(cost_usd_per_query)} per query`,
      kind: 'answers',
    },
    { label: 'saved', value: percent(1 - cost_share), note: `against the reference, at ${difference}` },
    {
      label: 'paid twice',
      value: percent(paid_twice_share),
      note: `of all spend; discarded ${percent(discarded_share)}`,
      kind: 'twice',
    },
    ...(certification === null
      ? []
      : [
          {
            label: 'certificate',
            value: certification.certificate === null ? 'none' : 'certified',
            note: `point ${certification.point} of ${certification.path.length - 1} on the path`,
            kind: 'aside' as const,
          },
        ]),
  ];
}

function certificate(certification: CertificationResult): Markup {
  return html`${figure(
    'The certificate',
    certification.statement,
    pathPlot(certification),
    html`<figcaption>${forecastSentence(certification)}</figcaption>
      <figcaption>
        Points are tested in their order, and the test ends at the first above the level. The plug-in is the
        cheapest point whose loss on the same labels is small enough: it is often taken, and guarantees
        nothing.
      </figcaption>`,
  )}
  ${rows(pathRows(certification))}`;
}

function hollow({ test }: LearnResult): string {
  return test === null ? 'On train, cross-fitted.' : 'Filled: test. Hollow: train, cross-fitted.';
}

function rows({ head, rows: all }: Rows): Markup {
  return tableHtml(head, all);
}

function factsOf(result: LearnResult): (readonly [string, string])[] {
  const { policy_sha256, scorer_sha256, seed, certification } = result;
  const certified = certification?.certificate ?? null;
  const evidence = evidenceSentence(result);
  return [
    ['answer', answerSentence(result)],
    ['compared', comparedSentence(result)],
    ...(evidence === null ? [] : [['evidence', evidence] as const]),
    ['labels', disagreementSentence(result)],
    ['right answers', rightAnswersSentence(result)],
    ...result.left_out.map(({ what, why }) => ['left out', `${what}: ${why}`] as const),
    ['rule', `${result.rule} ${JSON.stringify(result.parameters)}`],
    ['seed', String(seed)],
    ['policy, SHA-256', policy_sha256],
    ['scorer, SHA-256', scorer_sha256],
    ...(certified === null
      ? []
      : [
          ['certify split, SHA-256', certified.splitSha256] as const,
          ['frozen test, SHA-256', certified.pathSha256] as const,
        ]),
  ];
}
