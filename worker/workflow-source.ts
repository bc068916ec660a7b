import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';

/**
 * Where a worker takes its workflow code from: the bundle that the build made, or the code itself, which the worker then
 * bundles at its start (a second or two): from a source tree, and where a failure converter has to be bundled with it.
 */
export function workflowSource(
  failureConverterPath: string | undefined,
): { workflowBundle: WorkflowBundleOption } | { workflowsPath: string } {
  const bundle = builtBundlePath();
  return existsSync(bundle) && failureConverterPath === undefined
    ? { workflowBundle: { codePath: bundle } }
    : { workflowsPath: pathTo('workflows/index') };
}

/** The module whose converter keeps failures' words out of plain sight. */
export function encryptingFailureConverterPath(): string {
  return pathTo('codec/failure-converter');
}

/** The bundle's code, as the build writes it. */
export async function bundleWorkflows(): Promise<string> {
  const workflowsPath = pathTo('workflows/index');
  // They keep no state outside of their functions, so one evaluation serves all workflows of a worker.
  const { code } = await bundleWorkflowCode({ workflowsPath, preloadModules: [workflowsPath] });
  return code;
}

export function builtBundlePath(): string {
  return fileURLToPath(new URL('./workflow-bundle.cjs', import.meta.url));
}

/** A module of this package, by its path without extension. */
function pathTo(module: string): string {
  // tsc rewrites import specifiers, not URLs: the extension is this file's own.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../${module}.${extension}`, import.meta.url));
}
