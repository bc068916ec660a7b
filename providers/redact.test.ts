import fc from 'fast-check';
import { expect, test } from 'vitest';
import { redact, secretsOf } from './redact.ts';

test.each([
  'sk-proj-abc123DEF456',
  'sk-ant-api03-xyz_789',
  'sk-or-v1-0123456789abcdef',
  'sk-pro****************9xyz',
  'gsk_abcdefghij',
  'xai-abcdefghij',
  'AIzaSyA0123456789',
])('%s looks like a key', (key) => {
  expect(redact(`Incorrect key: ${key}, see the docs`, [])).toBe('Incorrect key: [redacted], see the docs');
});

test('ordinary words stay', () => {
  const words = 'The task-force asks for a disk-based model; risk-free, sk-1 aside.';
  expect(redact(words, [])).toBe(words);
});

test('what follows Bearer is a key', () => {
  expect(redact('sent "Authorization: Bearer abc.def"', [])).toBe('sent "Authorization: Bearer [redacted]"');
});

test('secrets are the key and what stands under a telling name', () => {
  const secrets = secretsOf({
    apiKey: ' key-in-settings ',
    headers: { Authorization: 'Token tok-in-header', 'X-Title': 'my-application' },
    query: { 'api-version': '2024-10-21', subscription_key: 'in the query' },
  });
  expect(secrets).toEqual(
    expect.arrayContaining(['key-in-settings', 'tok-in-header', 'Token tok-in-header', 'in the query']),
  );
  const text = 'key-in-settings tok-in-header my-application 2024-10-21 in%20the%20query';
  expect(redact(text, secrets)).toBe('[redacted] [redacted] my-application 2024-10-21 [redacted]');
});

test('no secret is left, wherever it stands', () => {
  const text = fc.string();
  fc.assert(
    fc.property(text, fc.stringMatching(/^[A-Za-z0-9]{12,20}$/), text, (before, secret, after) => {
      expect(redact(`${before}${secret}${after}`, secretsOf({ apiKey: secret }))).not.toContain(secret);
    }),
  );
});
