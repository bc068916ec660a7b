import { proxyActivities } from '@temporalio/workflow';
import type { Profile } from '../run/profiles.ts';
import type { NaiveActivities } from './activities.ts';

const { callModel, score } = proxyActivities<NaiveActivities>({ startToCloseTimeout: '2 minutes' });

/** The cascade that one writes in an afternoon: a call, a score, and the next model where it was too low. */
export async function naiveCascade(profile: Profile, chain: readonly string[]): Promise<string> {
  for (const model of chain) {
    const text = await callModel(profile, model);
    if ((await score(text)) >= 0.5) return text;
  }
  throw new Error('no response was good');
}
