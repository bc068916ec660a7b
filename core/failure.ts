/**
 * Every way in which an attempt can fail to give a usable response, and what the cascade does about it:
 *
 * - `retry`: Temporal tries the same call again, within the stage's limit; after that the cascade escalates.
 * - `escalate`: asking the same model again would give the same result; the next stage is asked at once.
 * - `abort`: no stage will do better until a person mends something; the query fails.
 */
export const FAILURES = {
  'rate-limited': 'retry',
  timeout: 'retry',
  connection: 'retry',
  'stream-cut': 'retry',
  conflict: 'retry',
  'server-error': 'retry',
  'bad-request': 'escalate',
  'context-too-long': 'escalate',
  refusal: 'escalate',
  'empty-response': 'escalate',
  'invalid-output': 'escalate',
  'quota-exhausted': 'escalate',
  'unknown-response': 'escalate',
  unscored: 'escalate',
  authentication: 'abort',
  'unknown-model': 'abort',
  'unknown-provider': 'abort',
} as const satisfies Record<string, 'retry' | 'escalate' | 'abort'>;

export type FailureKind = keyof typeof FAILURES;
export type Reaction = 'retry' | 'escalate' | 'abort';

export function reactionTo(kind: FailureKind): Reaction {
  return FAILURES[kind];
}

export function isFailureKind(text: string): text is FailureKind {
  return Object.hasOwn(FAILURES, text);
}
