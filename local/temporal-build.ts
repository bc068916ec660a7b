import type { Fetch } from './temporal-binary.ts';
import { run } from './run.ts';

/** Later versions of the module have a `replace`, which `go install` refuses. */
const MODULE = 'github.com/temporalio/cli/cmd/temporal@v1.5.1';
const REPORT_EVERY = 5_000;

/** Builds the CLI from source, where Go is on the PATH: about three minutes on two cores with nothing in Go's cache. */
export const buildTemporal: Fetch = async ({ env, folder, onProgress, signal }) => {
  await run('go', ['version'], { env, signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw new Error('`go` is not on the PATH', { cause: error });
  });
  let modules = 0;
  let packages = 0;
  const began = Date.now();
  const report = () => {
    const done =
      packages > 0
        ? `${packages} packages compiled`
        : modules > 0
          ? `${modules} modules downloaded`
          : 'preparing';
    onProgress(`Temporal: building with Go, ${done}, ${Math.round((Date.now() - began) / 1000)} s`);
  };
  const timer = setInterval(report, REPORT_EVERY);
  try {
    onProgress(`Temporal: go install ${MODULE} (about three minutes, once)`);
    const result = await run('go', ['install', '-v', MODULE], {
      env: { ...env, GOBIN: folder },
      signal,
      onLine: (line) => {
        if (line.startsWith('go: downloading ')) modules += 1;
        else if (/^[\w.~-]+(\/[\w.~-]+)*$/.test(line)) packages += 1;
      },
    });
    if (!result.ok)
      throw new Error(result.output.split('\n').slice(-5).join('\n    ') || 'go gave no reason');
  } finally {
    clearInterval(timer);
  }
};
