import type { Retention } from '../core/policy.ts';
import { storable } from './database.ts';

/**
 * Why something failed, as the ledger may keep it. What a vendor, a judge or a service said stands in quotes, and may repeat
 * the prompt: a task that retains no texts does not retain it here either. What the caller and the Temporal UI are told has it.
 */
export function keptMessage(message: string | null, retention: Retention): string | null {
  const kept = storable(message);
  return retention === 'full' ? kept : (kept?.replace(/".*"/s, '"…"') ?? null);
}
