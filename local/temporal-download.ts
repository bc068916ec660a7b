import { readdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Fetch } from './temporal-binary.ts';
import { run } from './run.ts';

/**
 * Runs in a process of its own: the SDK can only download by starting a server, which creates the native runtime of the
 * process, and after that the worker could no longer install its own.
 */
const SCRIPT = `
  const { TestWorkflowEnvironment } = require(process.argv[1]);
  const executable = { type: 'cached-download', downloadDir: process.argv[2] };
  TestWorkflowEnvironment.createLocal({ server: { executable } })
    .then((environment) => environment.teardown())
    .catch((error) => { console.error(error.message); process.exit(1); });
`;

/** Without a first byte after this long (ms), a firewall is swallowing the request; the system would wait minutes. */
const FIRST_BYTE_WITHIN = 30_000;
/** 100 MB within this (ms) is a slow line; longer is a dead one. */
const DONE_WITHIN = 600_000;
/** The SDK says this twice before it comes to the reason. */
const NOISE = /Failed to start ephemeral server: |error sending request for url \([^)]*\): /g;
const REPORT_EVERY = 5_000;

/** Lets the Temporal SDK download its own dev server (from temporal.download). Fails at once without internet. */
export const downloadTemporal: Fetch = async ({ env, folder, onProgress, signal }) => {
  onProgress('Temporal: downloading the CLI from temporal.download');
  const require = createRequire(import.meta.url);
  const began = Date.now();
  const tooSlow = new AbortController();
  const timer = setInterval(() => {
    void readdir(folder).then((names) => {
      const elapsed = Date.now() - began;
      if (elapsed > DONE_WITHIN || (elapsed > FIRST_BYTE_WITHIN && names.length === 0)) tooSlow.abort();
      else onProgress(`Temporal: downloading, ${Math.round(elapsed / 1000)} s`);
    });
  }, REPORT_EVERY);
  try {
    const result = await run(
      process.execPath,
      ['-e', SCRIPT, require.resolve('@temporalio/testing'), folder],
      { env, signal: AbortSignal.any([tooSlow.signal, ...(signal ? [signal] : [])]) },
    );
    if (!result.ok) throw new Error(result.output.replaceAll(NOISE, '') || 'the SDK gave no reason');
  } catch (error) {
    if (tooSlow.signal.aborted) throw new Error('temporal.download does not answer', { cause: error });
    throw error;
  } finally {
    clearInterval(timer);
  }
};
