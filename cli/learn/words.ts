import type { AnswerSpec } from '../../core/answer.ts';
import type { LearnedFigures } from '../../learning/figures.ts';
import { TOO_MUCH_DISAGREEMENT } from '../../learning/label-disagreement.ts';
import { areExclusive } from '../../learning/right-answers.ts';
import { percent } from '../output.ts';
import type { CertificationResult, LearnResult, MixtureFigures } from './result.ts';

/** What is said of a result, the same in the terminal and on the page: rows of tables, and sentences. */
export interface Rows {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The halves that there are figures of. */
export function halvesOf({ train, test }: LearnResult): (readonly [string, LearnedFigures])[] {
  return [['train, cross-fitted', train], ...(test === null ? [] : [['test', test] as const])];
}

/** What the policy did. */
export function policyRows(result: LearnResult): Rows {
  const halves = halvesOf(result);
  const row = (name: string, of: (figures: LearnedFigures) => string): string[] => [
    name,
    ...halves.map(([, figures]) => of(figures)),
  ];
  return {
    head: ['', ...halves.map(([name]) => name)],
    rows: [
      row('queries', ({ queries }) => String(queries)),
      row(
        'accuracy',
        ({ accuracy, accuracy_interval: [low, high] }) =>
          `${percent(accuracy)} (${percent(low)} to ${percent(high)})`,
      ),
      row('the reference', ({ reference_accuracy }) => percent(reference_accuracy)),
      [
        'best mixture of models',
        ...[result.best_mixture.train, result.best_mixture.test].flatMap((mixture) =>
          mixture === null ? [] : [percent(mixture.accuracy)],
        ),
      ],
      row('cost per query', ({ cost_usd_per_query }) => usd(cost_usd_per_query)),
      row('of the reference’s cost', ({ cost_share }) => percent(cost_share)),
      row('saved per query', savedText),
      row('reached each stage', ({ escalation }) => escalation.map(percent).join(', ')),
      row('paid twice', ({ paid_twice_share }) => percent(paid_twice_share)),
      row('of it discarded', ({ discarded_share }) => percent(discarded_share)),
      row('AUROC, own score', ({ auroc }) => decimals(auroc)),
      row('AUROC with one other response', ({ auroc_agreement }) => decimals(auroc_agreement)),
      row('calibration error, own score', ({ ece }) => decimals(ece)),
      row(
        'calibration error, answers',
        ({ ece_answer, ece_answer_if_perfect }) =>
          `${decimals(ece_answer)} (perfect would show ${decimals(ece_answer_if_perfect)})`,
      ),
    ],
  };
}

/** A saving against the reference, never without what it did to accuracy against the same reference. */
function savedText({ accuracy, reference_accuracy, cost_share, cost_usd_per_query }: LearnedFigures): string {
  const saved = cost_usd_per_query / cost_share - cost_usd_per_query;
  return `${usd(saved)} (${percent(1 - cost_share)}) at ${points(accuracy - reference_accuracy)} points`;
}

/** Every model alone, and how well the own score tells its right responses from its wrong ones. */
export function modelRows(result: LearnResult): Rows {
  const { models, reference, train, test } = result;
  return {
    head: [
      'model',
      ...(test === null ? ['train', 'cost', 'AUROC'] : ['train', 'cost', 'AUROC', 'test', 'cost', 'AUROC']),
      '',
    ],
    rows: models.map((one) => [
      one.model,
      ...[percent(one.train.accuracy), percent(one.train.cost_share)],
      decimals(train.auroc_by_model[one.model] ?? null),
      ...(one.test === null || test === null
        ? []
        : [
            percent(one.test.accuracy),
            percent(one.test.cost_share),
            decimals(test.auroc_by_model[one.model] ?? null),
          ]),
      one.model === reference ? 'reference' : one.in_pool ? '' : 'in no chain',
    ]),
  };
}

/** Where the money goes, of the half that was not learned from where there is one. */
export function spendRows(result: LearnResult): Rows {
  const { spend_by_stage, escalation } = result.test ?? result.train;
  const isScored = spend_by_stage.some(({ scoring }) => scoring !== undefined);
  return {
    head: [
      ...['stage', 'reached', 'served', 'agreed with what was served', 'discarded'],
      ...(isScored ? ['scoring'] : []),
    ],
    rows: spend_by_stage.map(({ model, served, agreed, discarded, scoring = 0 }, stage) => [
      `${stage + 1} · ${model}`,
      percent(escalation[stage] ?? 0),
      ...[served, agreed, discarded, ...(isScored ? [scoring] : [])].map(percent),
    ]),
  };
}

/** The path of a certificate: what was tested, and what the plug-in would have taken. */
export function pathRows({ path, p_values, level, point, plug_in }: CertificationResult): Rows {
  const places = [...new Set([0, point, p_values.length - 1, ...(plug_in === null ? [] : [plug_in])])];
  const wordsOf = (place: number): string =>
    [
      ...(place === 0 ? ['the baseline alone'] : []),
      ...(place === point ? ['served'] : []),
      ...(place === plug_in ? ['plug-in, certifies nothing'] : []),
      ...(place === p_values.length - 1 && place > point ? ['where the test ended'] : []),
    ].join('; ');
  return {
    head: ['point', 'accuracy, selection', 'cost, selection', `p-value, level ${decimals(level)}`, ''],
    rows: places
      .sort((a, b) => a - b)
      .map((place) => [
        `${place} of ${path.length - 1}`,
        percent(path[place]?.accuracy ?? Number.NaN),
        percent(path[place]?.cost_share ?? Number.NaN),
        p_values[place] === undefined ? 'not tested' : pValue(p_values[place]),
        wordsOf(place),
      ]),
  };
}

export function forecastSentence({
  forecast: { n, smallestN, chance, costShare },
}: CertificationResult): string {
  return `Forecast, before a certify label was read: ${n} labels, a chance of ${percent(chance)} to certify something other than the baseline, at ${percent(costShare)} of the baseline’s cost. Without a single loss it takes ${smallestN}.`;
}

export function chosenSentence(result: LearnResult): string {
  const { recommendation, chain, rule, thresholds, certification } = result;
  if (recommendation === 'cascade')
    return `Chain ${chain.join(' → ')}, rule ${rule}, thresholds ${thresholds.map((value) => value.toFixed(3)).join(', ')}.`;
  return certification === null
    ? `No cascade beats calling ${chain[0] ?? ''} alone: that is what is recommended.`
    : `No cascade was certified: calling ${chain[0] ?? ''} alone is what is recommended.`;
}

/** What counts as an answer, and so who agrees with whom. */
export function answerSentence({ answer }: LearnResult): string {
  const found = answerText(answer);
  return found === null
    ? 'No two responses are taken for the same answer: nothing was found in the texts whose equality goes with the labels. Where there is something, name the task’s extractor with --settings.'
    : `An answer is ${found}.`;
}

function answerText(answer: AnswerSpec): string | null {
  switch (answer.from) {
    case 'json': {
      const place = answer.pointer === '' ? 'the whole' : answer.pointer;
      return `${answer.normalise === 'number' ? 'the number' : 'the value'} at ${place} of a response’s JSON`;
    }
    case 'label':
      return `the last of ${answer.labels.length} labels in a response`;
    case 'number':
      return 'the last number in a response';
    case 'regex':
      return `what /${answer.pattern}/ finds last in a response`;
    case 'text':
      return 'the whole text of a response';
    case 'open':
      return null;
  }
}

/** Whom the scorer asks about each response; null where it asks nobody. */
export function evidenceSentence({ evidence, chain }: LearnResult): string | null {
  if (evidence === undefined) return null;
  const { judge, embedder } = evidence;
  const asked = [
    ...(judge === undefined ? [] : [`${judge} grades each response`]),
    ...(embedder === undefined ? [] : [`${embedder} embeds the query and each response`]),
  ].join(', and ');
  return chain.length === 1
    ? `The scorers were learned with evidence (${asked}); a single model has nothing to decide, so nobody is asked.`
    : `To score, ${asked}; what that costs is in every cost of the policy.`;
}

export function comparedSentence({ policies_compared, reference }: LearnResult): string {
  return `${policies_compared} policies were compared. The reference is ${reference}, the most accurate single model on train.`;
}

export function promisedSentence({ promised, test }: LearnResult): string {
  const delivered =
    test === null ? '' : ` Delivered on test: ${percent(test.accuracy)} at ${percent(test.cost_share)}.`;
  return `Promised on the selection data: ${percent(promised.accuracy)} right at ${percent(promised.cost_share)} of the cost.${delivered}`;
}

export function mixtureSentence({ best_mixture: { train, test } }: LearnResult): string {
  const { shares }: MixtureFigures = test ?? train;
  return `The best mixture at the policy’s cost: ${shares.map(({ model, share }) => `${percent(share)} ${model}`).join(' + ') || 'nobody is asked'}.`;
}

export function disagreementSentence({
  label_disagreement: { share, differing, pairs },
}: LearnResult): string {
  const said = `Responses with equal answers differ in their labels in ${percent(share)} of ${pairs} pairs (${differing})`;
  return share > TOO_MUCH_DISAGREEMENT
    ? `Warning: ${said.charAt(0).toLowerCase()}${said.slice(1)}: check the answer extractor, or the labels.`
    : `${said}.`;
}

/** Whether a right answer makes the others wrong. */
export function rightAnswersSentence({ right_answers: found }: LearnResult): string {
  const { share, differing, pairs } = found;
  const judged = areExclusive(found)
    ? 'at most one answer of a query is taken for right'
    : 'so each answer is judged by itself';
  return `Right responses differ in their answers in ${percent(share)} of ${pairs} pairs (${differing}): ${judged}.`;
}

export function points(share: number): string {
  return `${share >= 0 ? '+' : '−'}${Math.abs(100 * share).toFixed(2)}`;
}

export function usd(amount: number): string {
  return amount === 0 ? '$0' : `${amount < 0 ? '−' : ''}$${Math.abs(amount).toPrecision(4)}`;
}

function decimals(value: number | null): string {
  return value === null ? '–' : value.toFixed(3);
}

function pValue(value: number): string {
  return value > 0 && value < 0.001 ? value.toExponential(1) : decimals(value);
}
