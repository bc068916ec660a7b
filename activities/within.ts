/** Something took longer than it may. What it does from then on is nobody's concern. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/**
 * Does work that has `ms` milliseconds, and is told by its signal when they are over.
 * @throws {TookTooLong}
 */
export async function within<T>(
  ms: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const controller = new AbortController();
  const late = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => {
      reject(controller.signal.reason as Error);
    });
  });
  const timer = setTimeout(() => {
    controller.abort(new TookTooLong(`it took more than ${ms / 1000} s`));
  }, ms);
  try {
    const both = signal === undefined ? controller.signal : AbortSignal.any([signal, controller.signal]);
    return await Promise.race([work(both), late]);
  } finally {
    clearTimeout(timer);
  }
}
