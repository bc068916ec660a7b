import { describe, expect, it } from 'vitest';
import { describeCertificate, type Certificate } from './certificate.ts';

const certificate: Certificate = {
  loss: 'regret',
  alpha: 0.02,
  delta: 0.1,
  baseline: 'gpt-4o',
  n: 300,
  use: 1,
  pathIndex: 6,
  pathLength: 50,
  pValue: 0.03,
  splitSha256: 'a'.repeat(64),
  scorerSha256: 'b'.repeat(64),
  pathSha256: 'c'.repeat(64),
};

describe('describeCertificate', () => {
  it('says what is bounded, how surely, over what, and what is not promised', () => {
    expect(describeCertificate(certificate)).toBe(
      'accuracy given away against gpt-4o is at most 2% with 90% confidence, on average over queries like the 300 that it was tested on (point 7 of 50, test 1 of its split), not for each query, slice or day',
    );
  });

  it.each([
    [
      { loss: 'harm' as const },
      /^the share of queries that gpt-4o has right and this has wrong is at most 2%/,
    ],
    [
      { loss: 'selective' as const, baseline: null },
      /^the share of errors among accepted answers is at most 2%/,
    ],
    [{ use: 3, delta: 0.0125 }, /98\.75% confidence.*test 3 of its split/],
    [{ delta: 0.0002 }, /with 99\.98% confidence/],
  ])('reads as it was made: %o', (overrides, expected) => {
    expect(describeCertificate({ ...certificate, ...overrides })).toMatch(expected);
  });
});
