import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves the messages and stack traces of failures into payloads, which the codec then encrypts: a vendor's words about a
 * request may quote it. Loaded by path, in the worker and in its workflow sandbox.
 */
export const failureConverter: DefaultFailureConverter = new DefaultFailureConverter({
  encodeCommonAttributes: true,
});
