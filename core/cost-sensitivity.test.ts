import { expect, test } from 'vitest';
import type { PlannedTraffic } from './cost-plan.ts';
import { costSensitivity } from './cost-sensitivity.ts';
import { formatUsd } from './money.ts';

const deepseek = { model: 'deepseek', rates: { input: '0.28', output: '0.42' } };
const sonnet = { model: 'sonnet', rates: { input: '3', output: '15' }, acceptance: 1 };
const traffic: PlannedTraffic = {
  requests: 10_000_000,
  inputTokens: 750,
  outputTokens: 250,
  cachedShare: 0,
  retryRate: 0,
  escalatedLength: 1,
  scorerUsd: '0',
};

function table(change: Partial<PlannedTraffic>, acceptance: number) {
  return costSensitivity({ ...traffic, ...change }, [{ ...deepseek, acceptance }, sonnet]).map(
    ({ assumption, less, more }) => [
      assumption,
      ...[less, more].map((way) => way && `${way.what}: ${formatUsd(way.total)}`),
    ],
  );
}

test('each assumption by itself, one way and the other', () => {
  // DeepSeek costs $3,150 for ten million, Sonnet $6,000 for each million that comes to it.
  expect(table({}, 0.7)).toEqual([
    ['deepseek accepts', '60%: 27150', '80%: 15150'],
    // 600 and 900 tokens: DeepSeek 2,730 and 3,570, Sonnet 3 × 5,550 and 3 × 6,450.
    ['input tokens', '600: 19380', '900: 22920'],
    // 200 and 300 tokens: DeepSeek 2,940 and 3,360, Sonnet 3 × 5,250 and 3 × 6,750.
    ['output tokens', '200: 18690', '300: 23610'],
    ['length of escalated queries', '× 0.8: 18900', '× 1.2: 23400'],
    // Neither model has a price for cached input here, so caching changes nothing; 2% more requests cost 2% more.
    ['retries', null, '2%: 21573'],
  ]);
});

test('a share stays a share, and scoring is there when it costs something', () => {
  const rows = table({ scorerUsd: '0.0001' }, 0.95);
  expect(rows[0]).toEqual(['deepseek accepts', '85%: 13150', null]);
  // 3,150 + 1,000 of scoring + 3,000 of Sonnet; scoring by half.
  expect(rows.at(-1)).toEqual(['scoring one response', '$0.00005: 6650', '$0.00015: 7650']);
});
