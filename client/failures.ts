import {
  isGrpcServiceError,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
} from '@temporalio/client';
import {
  ApplicationFailure,
  CancelledFailure,
  NamespaceNotFoundError,
  TerminatedFailure,
  TimeoutFailure,
  ValueError,
} from '@temporalio/common';
import { ERROR_CODES, failureType, type CascadeErrorDetails } from '../core/result.ts';
import { errorFrom, plainError, type CascadeError } from './errors.ts';

/** What a failure of Temporal's means to a caller. An error that is none of ours is passed on as it is. */
export function toCascadeError(error: unknown, workflowId: string): unknown {
  if (error instanceof WorkflowFailedError) return fromWorkflowFailure(error, workflowId);
  if (error instanceof WorkflowNotFoundError) {
    return plainError('unavailable', `Temporal knows no query "${workflowId}" in this namespace`, error);
  }
  if (error instanceof NamespaceNotFoundError) {
    return plainError(
      'unavailable',
      `Temporal has no namespace "${error.namespace}": create it, or name one that is there`,
      error,
    );
  }
  if (error instanceof ValueError && error.message.includes('binary/encrypted')) {
    const what = `query "${workflowId}" is encrypted: give the client the payload key of its workers`;
    return plainError('unavailable', what, error);
  }
  // Temporal's client wraps what gRPC says.
  const grpc = error instanceof ServiceError ? error.cause : error;
  if (!isGrpcServiceError(grpc)) return error;
  const words = grpc.details || grpc.message;
  return GONE.has(grpc.code)
    ? unavailable(words, error)
    : plainError('unavailable', `Temporal refused the call: ${words}`, error);
}

/** gRPC's CANCELLED, DEADLINE_EXCEEDED and UNAVAILABLE: nobody answered. Any other status is an answer. */
const GONE: ReadonlySet<number> = new Set([1, 4, 14]);

export function unavailable(what: string, cause: unknown): CascadeError {
  return plainError(
    'unavailable',
    `Temporal did not answer (${what}): check the address, and that the server runs ("escalier up" starts one)`,
    cause,
  );
}

function fromWorkflowFailure(error: WorkflowFailedError, workflowId: string): CascadeError {
  const cause = causeOf(error);
  if (cause instanceof ApplicationFailure || cause instanceof CancelledFailure) {
    const details = cause.details?.[0];
    if (isDetails(details)) return errorFrom(details, error);
  }
  if (cause instanceof CancelledFailure)
    return plainError('cancelled', `query "${workflowId}" was cancelled`, error);
  if (cause instanceof TerminatedFailure) {
    return plainError(
      'unavailable',
      `query "${workflowId}" was terminated; the ledger knows what it cost`,
      error,
    );
  }
  if (cause instanceof TimeoutFailure) {
    return plainError('unavailable', `query "${workflowId}" ran out of its workflow timeout`, error);
  }
  return plainError('unavailable', `query "${workflowId}" failed: ${cause?.message ?? error.message}`, error);
}

/** Planning fails inside an activity, whose failure wraps the one that says why. */
function causeOf(error: WorkflowFailedError): Error | undefined {
  let cause: Error | undefined = error.cause;
  while (cause?.cause instanceof Error && !isOurs(cause)) cause = cause.cause;
  return cause;
}

function isOurs(error: Error): boolean {
  return error instanceof ApplicationFailure && ERROR_CODES.some((code) => error.type === failureType(code));
}

function isDetails(value: unknown): value is CascadeErrorDetails {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    ERROR_CODES.includes(value.code as never) &&
    'costLowUsd' in value
  );
}
