import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { expect, test } from 'vitest';
import { CancelWatch } from './cancel-watch.ts';

test('a ledger that does not answer is asked once, not every time that it might be', async () => {
  let looks = 0;
  const ledger = {
    cancelledRuns: async () => {
      looks += 1;
      await sleep(60_000, undefined, { ref: false });
      return [];
    },
  };
  const watch = new CancelWatch(ledger);
  await new MockActivityEnvironment().run(() => watch.during(() => sleep(1_500)));
  expect(looks).toBe(1);
});
