import { PolicyProblem } from '../ledger/policy-changes.ts';
import { CliError, EXIT } from './exit.ts';

/** For `catch`: a change of policies that does not fit what is there is the command's own error. */
export function refusedChange(error: unknown): never {
  if (error instanceof PolicyProblem) throw new CliError(error.message, EXIT.usage, error);
  throw error;
}

export function noSuchTask(task: string): CliError {
  return new CliError(`there is no task ${task}: "escalier policies" lists those that there are`, EXIT.usage);
}
