import { proxyLocalActivities } from '@temporalio/workflow';
import type { Profile } from '../run/profiles.ts';
import type { LeastActivities } from './activities.ts';

const { climb } = proxyLocalActivities<LeastActivities>({ startToCloseTimeout: '2 minutes' });

/** The least that Temporal can do for a cascade: start a workflow, run one local activity, end it. */
export async function leastCascade(profile: Profile, chain: readonly string[]): Promise<string> {
  return climb(profile, chain);
}
