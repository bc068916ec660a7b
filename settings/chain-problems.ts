import { displayUsd, parseUsd } from '../core/money.ts';
import type { PolicyModel, ScorerSpec } from '../core/policy.ts';
import { scoringTimeout } from '../core/stage-work.ts';
import { inputTokenBound } from '../providers/token-bound.ts';
import type { Path, Problem } from './problems.ts';
import type { RawTask } from './schema.ts';

/**
 * What keeps the models of a chain from being one.
 * @param chain null where a stage's model cannot be used, which has been told.
 * @param limit the setting that limits the task's cost, which needs a bound on every call; null for no limit.
 */
export function chainProblems(
  raw: RawTask,
  path: Path,
  chain: readonly (PolicyModel | null)[],
  scorer: ScorerSpec | null,
  limit: Path | null,
): Problem[] {
  const judges = scorer?.models ?? [];
  const bounded = [...chain.filter((model) => model !== null), ...judges];
  return [
    ...repetitions(raw, [...path, 'chain']),
    ...disorder(chain, [...path, 'chain']),
    ...chain.flatMap((model, index) => (model === null ? [] : tooPatient(model, [...path, 'chain', index]))),
    ...judges.flatMap((model) => tooPatient(model, [...path, 'scorer'])),
    ...(raw.execution === 'inline'
      ? [
          ...forgetful(raw, path),
          ...[...bounded, ...services(scorer)].flatMap((asked) => tooSlow(asked, path)),
        ]
      : []),
    ...(limit === null ? [] : bounded.flatMap((model) => unbounded(model, path, limit))),
  ];
}

function repetitions(raw: RawTask, path: Path): Problem[] {
  const names = raw.chain.map((entry) => (typeof entry === 'string' ? entry : entry.model));
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [
          {
            path: [...path, index],
            message: `${name} is in the chain already: a model is asked once; take one of them out`,
          },
        ],
  );
}

/** Node's fetch gives up after five minutes without a byte, whatever the timeout: the response would be lost, and billed. */
const LONGEST_SILENCE_MS = 300_000;

function tooPatient({ model, stream, timeoutMs }: PolicyModel, path: Path): Problem[] {
  return stream || timeoutMs <= LONGEST_SILENCE_MS
    ? []
    : [
        {
          path,
          message: `${model} may take more than 5 minutes, but a response that does not stream is given up after that: set "stream: true" on the model, or lower its timeout`,
        },
      ];
}

function services(scorer: ScorerSpec | null): Pick<PolicyModel, 'model' | 'timeoutMs'>[] {
  return scorer === null ? [] : [{ model: `the scorer ${scorer.name}`, timeoutMs: scoringTimeout(scorer) }];
}

/** A crash behind the end of a query finds its answer in the ledger or nowhere. */
function forgetful({ retention }: RawTask, path: Path): Problem[] {
  if (retention === undefined || retention === 'full') return [];
  return [
    {
      path: [...path, 'execution'],
      message: `cannot be inline with "retention: ${retention}": an answer is lost whose worker dies before Temporal has heard of it: retain texts in full, or choose durable`,
    },
  ];
}

/**
 * A request within the workflow's task holds that task, and its place in the worker, and adds three events to the history for
 * every eight seconds that it takes; above a minute it costs more than the activity that it saves.
 */
const LONGEST_INLINE_MS = 60_000;

function tooSlow({ model, timeoutMs }: Pick<PolicyModel, 'model' | 'timeoutMs'>, task: Path): Problem[] {
  if (timeoutMs <= LONGEST_INLINE_MS) return [];
  return [
    {
      path: [...task, 'execution'],
      message: `cannot be inline: ${model} may take ${timeoutMs / 1000} s, and only requests of at most 60 s run within the workflow's task: lower its timeout, or choose durable`,
    },
  ];
}

/** By expected cost at the token profile. A model of unknown price takes the place it is written in. */
function disorder(chain: readonly (PolicyModel | null)[], path: Path): Problem[] {
  const problems: Problem[] = [];
  let dearest: PolicyModel | null = null;
  for (const [index, model] of chain.entries()) {
    if (model === null || model.expectedUsdPerMtok === null) continue;
    if (dearest !== null && cost(model) < cost(dearest)) {
      problems.push({
        path: [...path, index],
        message: `the chain is not in ascending price order: ${model.model} (${shown(model)}) stands after ${dearest.model} (${shown(dearest)}), per million tokens at the task's token profile: put the cheaper one first`,
        aged: true,
      });
    } else dearest = model;
  }
  return problems;
}

function cost(model: PolicyModel): bigint {
  return parseUsd(model.expectedUsdPerMtok ?? '0');
}

function shown(model: PolicyModel): string {
  return displayUsd(cost(model));
}

/** Whatever keeps a call to the model from having a highest possible cost. */
function unbounded(
  { model, expectedUsdPerMtok, maxOutputTokens, parameters }: PolicyModel,
  task: Path,
  limit: Path,
): Problem[] {
  const problems: string[] = [];
  if (expectedUsdPerMtok === null) problems.push('has no known price: give it a price');
  const outputs = [maxOutputTokens, parameters['max_tokens'], parameters['max_completion_tokens']];
  if (!outputs.some((limit) => typeof limit === 'number')) {
    problems.push(
      'has no limit on output tokens: set max_output_tokens on the model, or max_completion_tokens in its parameters',
    );
  }
  if (inputTokenBound([], parameters) === null) {
    problems.push(
      'has parameters by which its vendor adds input of any length (a web search, a hosted tool, audio): take them out',
    );
  }
  // A limit that stands outside of the task is told with the task.
  const where = limit[0] === task[0] ? '' : ` for ${task.join('.')}`;
  return problems.map((problem) => ({
    path: limit,
    message: `cannot hold${where}: ${model} ${problem}, or take the limit on cost away`,
  }));
}
