import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Moves the messages and stack traces of failures into payloads, which the codec then encrypts: a vendor's words about a
 * request may quote it. Loaded by path, in the worker and in its workflow sandbox: written without types, so that Node
 * loads it from the source tree as well.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
