import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';

/** By what a cascade is found in Temporal. Plain text: Temporal never encrypts search attributes. */
export const SEARCH_ATTRIBUTES = {
  task: defineSearchAttributeKey('EscalierTask', SearchAttributeType.KEYWORD),
  outcome: defineSearchAttributeKey('EscalierOutcome', SearchAttributeType.KEYWORD),
  /** The model whose answer was served. */
  model: defineSearchAttributeKey('EscalierModel', SearchAttributeType.KEYWORD),
  /** Micro-dollars (10⁻⁶ USD), rounded. */
  costMicroUsd: defineSearchAttributeKey('EscalierCostMicroUsd', SearchAttributeType.INT),
} as const;

/** The same by name and type, for whoever registers them. */
export const SEARCH_ATTRIBUTE_TYPES: Readonly<Record<string, 'Keyword' | 'Int'>> = Object.fromEntries(
  Object.values(SEARCH_ATTRIBUTES).map(({ name, type }) => [name, type === 'INT' ? 'Int' : 'Keyword']),
);
