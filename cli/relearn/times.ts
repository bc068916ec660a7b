import type { Settings } from '../../settings/load.ts';
import type { RelearnTimes } from '../../worker/relearn-schedules.ts';

/** Of each task of the settings, how often it is to be learned anew; null for not at all. */
export function relearnTimes({ raw, relearning }: Pick<Settings, 'raw' | 'relearning'>): RelearnTimes {
  return new Map(Object.keys(raw.tasks).map((task) => [task, relearning.get(task)?.everyMs ?? null]));
}
