import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageFolder } from '../package-folder.ts';

export interface ChosenSet {
  readonly folder: string;
  /** Whether it is the made-up set that ships with the project. */
  readonly synthetic: boolean;
}

/** The recorded set that was asked for, else real responses where they lie beside the project, else the synthetic set. */
export function chooseRecordedSet(asked: string | undefined): ChosenSet {
  if (asked !== undefined) return { folder: resolve(asked), synthetic: false };
  const beside = join(packageFolder(), '..', 'shared', 'recorded', 'gsm8k');
  if (existsSync(beside)) return { folder: beside, synthetic: false };
  return { folder: join(packageFolder(), 'demo', 'recorded'), synthetic: true };
}
