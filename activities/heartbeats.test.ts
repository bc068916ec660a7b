import { expect, it } from 'vitest';
import { heartbeatTimeout } from '../core/stage-work.ts';
import { HEARTBEAT_MS, heartbeatInterval } from './heartbeats.ts';

it('keeps the pace of a cancel within a second up to forty activities', () => {
  expect(heartbeatInterval(1, 15_000)).toBe(HEARTBEAT_MS);
  expect(heartbeatInterval(40, 15_000)).toBe(HEARTBEAT_MS);
});

it('sends a hundred heartbeats a second, and each activity three in its time-out', () => {
  expect(heartbeatInterval(200, 15_000)).toBe(2_000);
  expect(heartbeatInterval(1_000, 15_000)).toBe(5_000);
  expect(heartbeatInterval(1_000, 30_000)).toBe(10_000);
  expect(heartbeatInterval(100_000, 30_000)).toBe(10_000);
});

it('takes a worker for dead after a quarter of what its request may take, within bounds', () => {
  expect([1_000, 60_000, 120_000, 3_600_000].map(heartbeatTimeout)).toEqual([15_000, 15_000, 30_000, 60_000]);
});
