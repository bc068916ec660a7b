import { sha256 } from './request-hash.ts';

/**
 * Whether a new query takes its task's canary: by a hash of its id, so that the choice depends on nothing that the query is
 * or costs, is the same wherever it is made, and those of a small share are among those of a larger one.
 * @param share of new queries, in [0, 1].
 */
export function takesCanary(queryId: string, share: number): boolean {
  return canaryDraw(queryId) < share;
}

/** What is held against the share: 32 bits of SHA-256 as a fraction in [0, 1). */
export function canaryDraw(queryId: string): number {
  const HEX_DIGITS = 8;
  return Number.parseInt(sha256(queryId).slice(0, HEX_DIGITS), 16) / 16 ** HEX_DIGITS;
}
