/**
 * Runs so many workers side by side, which share a queue. One that fails stops all, by the controller, and what the others are in
 * the middle of is finished before its error is thrown.
 */
export async function atOnce(
  concurrency: number,
  stop: AbortController,
  work: () => Promise<void>,
): Promise<void> {
  const workers = Array.from({ length: concurrency }, () =>
    work().catch((error: unknown) => {
      stop.abort();
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(workers)).find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
