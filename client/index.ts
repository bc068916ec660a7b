/** What a backend service imports. Pure JavaScript: no worker, no native module. */
export {
  Escalier,
  type Ask,
  type EscalierOptions,
  type StartedQuery,
  type AnswerFeedback,
} from './escalier.ts';
export {
  AnswerNotRetainedError,
  BadRequestError,
  BudgetError,
  CancelledError,
  CascadeError,
  DeadlineError,
  ExhaustedError,
  FailedError,
  KeyConflictError,
  UnavailableError,
  UnknownTaskError,
} from './errors.ts';
export type { AttemptSummary, CascadeAnswer, ErrorCode } from '../core/result.ts';
export type { CascadeRequest } from '../core/request.ts';
export type { Labelled } from '../core/feedback.ts';
