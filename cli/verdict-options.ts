import type { Verdict } from '../core/feedback.ts';
import { CliError, EXIT } from './exit.ts';

/** A verdict as options of a command. */
export interface VerdictOptions {
  readonly correct?: true;
  readonly incorrect?: true;
  readonly grade?: number;
  readonly answer?: string;
}

/** What was given of it; whether that is a verdict its schema says. */
export function verdictOf({ correct, incorrect, grade, answer }: VerdictOptions): Verdict {
  if (correct && incorrect) throw new CliError('--correct and --incorrect: give one of them', EXIT.usage);
  return {
    ...(correct || incorrect ? { correct: correct === true } : {}),
    ...(grade === undefined ? {} : { grade }),
    ...(answer === undefined ? {} : { answer }),
  };
}
