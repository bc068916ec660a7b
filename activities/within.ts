/** Something took longer than it may. What it does from then on is nobody's concern. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/**
 * Does work that has `ms` milliseconds, and is told by its signal when they are over.
 * @param signal aborts the work's own signal as well; the work then says itself what came of it.
 * @throws {TookTooLong}
 */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const forward = (): void => {
    controller.abort(signal?.reason);
  };
  if (signal?.aborted === true) forward();
  else signal?.addEventListener('abort', forward, { once: true });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const reason = new TookTooLong(`it took more than ${ms / 1000} s`);
      reject(reason);
      controller.abort(reason);
    }, ms);
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', forward);
  }
}
