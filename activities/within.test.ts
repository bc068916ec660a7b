import { expect, it } from 'vitest';
import { TookTooLong, within } from './within.ts';

it('gives what the work gives, and fails as it fails', async () => {
  expect(await within(1_000, () => Promise.resolve(7))).toBe(7);
  await expect(within(1_000, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
});

it('ends work that takes too long, and tells it', async () => {
  let told: unknown;
  const never = (signal: AbortSignal) =>
    new Promise(() => {
      signal.addEventListener('abort', () => {
        told = signal.reason;
      });
    });
  await expect(within(5, never)).rejects.toThrow(new TookTooLong('it took more than 0.005 s'));
  expect(told).toBeInstanceOf(TookTooLong);
});

it('hands an abort on, and leaves to the work what comes of it', async () => {
  const controller = new AbortController();
  const asked = within(
    1_000,
    (signal) =>
      new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(signal.reason);
        });
      }),
    controller.signal,
  );
  controller.abort('cancelled');
  expect(await asked).toBe('cancelled');
  const aborted = await within(1_000, (signal) => Promise.resolve(signal.aborted), controller.signal);
  expect(aborted).toBe(true);
});
