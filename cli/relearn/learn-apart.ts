import { Worker } from 'node:worker_threads';
import type { Candidate, LearnJob } from '../../learning/relearn/candidate.ts';

/** Learns without keeping this thread from anything else. @throws as `learnCandidate`, or the signal's reason. */
export type LearnApart = (job: LearnJob, signal: AbortSignal) => Promise<Candidate>;

/** In a thread of its own: learning takes a processor for up to minutes, and a worker has heartbeats to send meanwhile. */
export const learnApart: LearnApart = (job, signal) =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const thread = new Worker(new URL('./learn-thread.js', import.meta.url), { workerData: job });
    const stop = (): void => {
      void thread.terminate();
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop, { once: true });
    thread.once('message', resolve);
    thread.once('error', reject);
    thread.once('exit', (code) => {
      signal.removeEventListener('abort', stop);
      // Where it has answered, or failed, this changes nothing.
      reject(new TypeError(`the thread that learns ended with code ${code} and without a policy`));
    });
  });
