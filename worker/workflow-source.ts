import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, type WorkflowBundleOption } from '@temporalio/worker';

/**
 * Where a worker takes its workflow code from: the bundle that the build made, or, from a source tree, the code itself,
 * which the worker then bundles at each start (a few seconds).
 */
export function workflowSource(): { workflowBundle: WorkflowBundleOption } | { workflowsPath: string } {
  const bundle = builtBundlePath();
  return existsSync(bundle) ? { workflowBundle: { codePath: bundle } } : { workflowsPath: workflowsPath() };
}

/** The bundle's code, as the build writes it. */
export async function bundleWorkflows(): Promise<string> {
  const { code } = await bundleWorkflowCode({ workflowsPath: workflowsPath() });
  return code;
}

export function builtBundlePath(): string {
  return fileURLToPath(new URL('./workflow-bundle.cjs', import.meta.url));
}

function workflowsPath(): string {
  // tsc rewrites import specifiers, not URLs: the extension is this file's own.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`../workflows/index.${extension}`, import.meta.url));
}
