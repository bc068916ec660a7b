import { findProvider } from '@pydantic/genai-prices';
import { expect, test } from 'vitest';
import { CATALOGUE, isProviderKind, type ProviderFacts } from './catalogue.ts';

const kinds = Object.entries(CATALOGUE as Record<string, ProviderFacts>);

test.each(kinds)('%s: its prices are those of its own endpoint', (_kind, facts) => {
  if (facts.priceProvider === null) return;
  const provider = findProvider({ providerId: facts.priceProvider });
  expect(provider?.id).toBe(facts.priceProvider);
  // Together has moved from together.xyz to together.ai; the price catalogue still knows the former.
  if (facts.baseUrl !== null && facts.priceProvider !== 'together') {
    expect(facts.baseUrl).toMatch(new RegExp(`^(?:${provider!.api_pattern})`));
  }
});

test.each(kinds)('%s: has a base URL, or an example of one', (_kind, facts) => {
  expect(facts.baseUrl ?? facts.baseUrlExample).toMatch(/^https?:\/\/[^/].*[^/]$/);
  expect(facts.keyRequired).toBe(facts.keyRequired && facts.keyEnv !== null);
});

test('only the catalogue’s kinds are kinds', () => {
  expect(isProviderKind('openai')).toBe(true);
  expect(isProviderKind('toString')).toBe(false);
});
