import { describe, expect, test } from 'vitest';
import { agrees, auditDraw, auditShareOf, isAudited } from './audit.ts';

const ids = Array.from(
  { length: 20_000 },
  (_, at) => `01a20a72-912c-7432-9145-${at.toString(16).padStart(12, '0')}`,
);

describe('the choice of what is audited', () => {
  test('is a hash of the id: known values', () => {
    expect(auditDraw('01a20a72-912c-7432-9145-dd9cc253a528')).toBe(0.1059457615332029);
  });

  test.each([0.01, 0.05, 0.5, 1])('comes to the share of %s, also of ids that follow each other', (share) => {
    const chosen = ids.filter((id) => isAudited(id, share)).length;
    // Four standard deviations of a binomial.
    const spread = 4 * Math.sqrt(ids.length * share * (1 - share));
    expect(Math.abs(chosen - ids.length * share)).toBeLessThanOrEqual(spread);
  });

  test('a lower share audits a part of what a higher one does', () => {
    for (const id of ids.slice(0, 500)) if (isAudited(id, 0.1)) expect(isAudited(id, 0.2)).toBe(true);
  });
});

test('a query of several slices has the greatest of their chances', () => {
  const audit = { share: 0.01, slices: { 'topic=billing': 0.2, 'language=de': 0.1 } };
  expect(auditShareOf(audit, { topic: 'billing', language: 'de' })).toBe(0.2);
  expect(auditShareOf(audit, { topic: 'other', language: 'de' })).toBe(0.1);
  expect(auditShareOf(audit, { topic: 'other' })).toBe(0.01);
  expect(auditShareOf({ share: 0.01 }, { topic: 'billing' })).toBe(0.01);
});

describe('agreement', () => {
  const spec = { from: 'number' } as const;
  test.each([
    ['42', '42', true],
    ['41', '42', false],
    [null, '42', false],
    ['42', null, null],
    [null, null, null],
  ])('of %s with %s is %s', (answer, baseline, expected) => {
    expect(agrees(answer, baseline, spec)).toBe(expected);
  });

  test('of open-ended answers cannot be said', () => {
    expect(agrees('response 1', 'response 1', { from: 'open' })).toBeNull();
  });
});
