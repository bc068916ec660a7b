import { expect, test } from 'vitest';
import { RecentTexts } from './recent-texts.ts';

test('a query’s texts are found together, or not at all', () => {
  const recent = new RecentTexts();
  recent.keep('query', 'request', { messages: [] });
  expect(recent.find('query', ['request'])?.get('request')).toEqual({ messages: [] });
  expect(recent.find('query', ['request', 'attempt'])).toBeNull();
  expect(recent.find('other', ['request'])).toBeNull();
  recent.forget('query');
  expect(recent.find('query', ['request'])).toBeNull();
});

test('the oldest queries go first where there are too many', () => {
  const recent = new RecentTexts();
  const large = 'x'.repeat(20 * 1024 * 1024);
  for (const query of ['a', 'b', 'c', 'd']) recent.keep(query, 'request', large);
  expect(['a', 'b', 'c', 'd'].map((query) => recent.find(query, ['request']) !== null)).toEqual([
    false,
    true,
    true,
    true,
  ]);
});
