import type { ModelOutcome } from '../providers/provider.ts';

/**
 * Text that Postgres can keep: it refuses NUL, and a row that can never be closed would have its request bought again and
 * again.
 */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}

/** An outcome whose every text of the vendor's can be kept in the attempt's row. */
export function storableOutcome(outcome: ModelOutcome): ModelOutcome {
  const facts = {
    responseId: orNull(outcome.responseId),
    requestId: orNull(outcome.requestId),
    reportedModel: orNull(outcome.reportedModel),
  };
  return outcome.type === 'failed'
    ? { ...outcome, ...facts, message: storable(outcome.message) }
    : { ...outcome, ...facts };
}

/** Whether Postgres refused a value as such (SQLSTATE class 22), which it would do again. */
export function isRefusedValue(error: unknown): error is Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^22\w{3}$/.test(code);
}

function orNull(text: string | null): string | null {
  return text === null ? null : storable(text);
}
