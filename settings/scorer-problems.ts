import type { AnswerSpec } from '../core/answer.ts';
import type { PolicyModel, ScorerSpec } from '../core/policy.ts';
import type { Path, Problem } from './problems.ts';

/** Scorers that are valid by themselves and can do nothing with this task's answers or thresholds. */
export function scorerProblems(
  scorer: ScorerSpec,
  answer: AnswerSpec,
  thresholds: readonly number[],
  chain: readonly (PolicyModel | null)[],
  path: Path,
): Problem[] {
  const { name, options } = scorer;
  if (name === 'logprob') return withoutLogprobs(chain, 'the scorer "logprob" needs', [...path, 'chain']);
  if (name === 'agreement') {
    return answer.from === 'open'
      ? [
          {
            path: [...path, 'scorer'],
            message:
              'open-ended answers never agree: set answer to what can be compared (number, text, labels, json, regex), or take the scorer "judge"',
          },
        ]
      : unreachable(Number(options['prior']), thresholds, [...path, 'threshold']);
  }
  const reads = ['regex', 'numeric', 'labels'].filter((rule) => options[rule] !== undefined);
  if (name === 'validator' && answer.from === 'open' && options['on'] === 'answer' && reads.length > 0) {
    return [
      {
        path: [...path, 'scorer'],
        message: `an open-ended task has no answer for ${reads.join(', ')} to look at: set "on: text" on the scorer, or the task's answer`,
      },
    ];
  }
  return [];
}

/**
 * Models of a chain that send no log probabilities, since a provider does so only when it is asked to.
 * @param needs who needs them: the beginning of each message. @param chain null for a stage that is not looked at.
 */
export function withoutLogprobs(
  chain: readonly (PolicyModel | null)[],
  needs: string,
  path: Path,
): Problem[] {
  return chain.flatMap((model, index) =>
    model === null || model.parameters['logprobs'] === true
      ? []
      : [
          {
            path: [...path, index],
            message: `${needs} the log probabilities of ${model.model}: set "parameters: { logprobs: true }" on the task or the model`,
          },
        ],
  );
}

/**
 * Full agreement after n stages has the confidence n / (n + prior). A chain that cannot stop before its last stage calls
 * every model on every query; whoever means that writes a threshold of 1.
 */
function unreachable(prior: number, thresholds: readonly number[], path: Path): Problem[] {
  const early = thresholds.slice(0, -1);
  const highest = (index: number): number => (index + 1) / (index + 1 + prior);
  if (
    early.length === 0 ||
    early.some((threshold, index) => threshold <= highest(index) || threshold === 1)
  ) {
    return [];
  }
  const most = highest(early.length - 1);
  return [
    {
      path,
      message: `agreement never reaches it before the last stage: ${early.length} of ${early.length} equal answers have a confidence of ${rounded(most)}. Lower it to ${rounded(most)} or less, or write 1 to ask every model each time`,
    },
  ];
}

/** Cut, not rounded up, so that the figure can be used as a threshold. */
function rounded(confidence: number): number {
  return Math.floor(confidence * 1000) / 1000;
}
