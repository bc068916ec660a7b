import { createHash } from 'node:crypto';
import { canonicalJson } from './canonical-json.ts';
import type { CascadeRequest } from './request.ts';

/** SHA-256 (hex) of a request's canonical JSON: equal requests under one idempotency key are one cascade. */
export function requestHash(request: CascadeRequest): string {
  return sha256(canonicalJson(request));
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
