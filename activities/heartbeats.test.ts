import { expect, it } from 'vitest';
import { HEARTBEAT_MS, heartbeatInterval } from './heartbeats.ts';

it('keeps the pace of a cancel within a second up to two hundred activities', () => {
  expect(heartbeatInterval(1)).toBe(HEARTBEAT_MS);
  expect(heartbeatInterval(200)).toBe(HEARTBEAT_MS);
});

it('sends five hundred heartbeats a second at most, and each activity one in five seconds at least', () => {
  expect(heartbeatInterval(1_000)).toBe(2_000);
  expect(heartbeatInterval(2_000)).toBe(4_000);
  expect(heartbeatInterval(100_000)).toBe(5_000);
});
