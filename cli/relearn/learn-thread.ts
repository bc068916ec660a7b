/** The thread of `learnApart`: learns what it is given, and says what it learned. */
import { parentPort, workerData } from 'node:worker_threads';
import { learnCandidate, type LearnJob } from '../../learning/relearn/candidate.ts';

parentPort?.postMessage(learnCandidate(workerData as LearnJob));
