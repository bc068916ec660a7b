/** Part of `npm run build`: bundles the workflow code once, so that workers start without webpack. */
import { writeFile } from 'node:fs/promises';
import { builtBundlePath, bundleWorkflows } from './workflow-source.ts';

await writeFile(builtBundlePath(), await bundleWorkflows());
