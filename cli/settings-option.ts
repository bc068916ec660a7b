import { loadSettings, type Settings } from '../settings/load.ts';
import type { ScorerRegistry } from '../scorers/index.ts';
import { scorerRegistry } from './context.ts';

/** Options of every command that reads `escalier.yaml`. */
export interface SettingsOptions {
  readonly settings: string;
  readonly scorers?: string;
}

export async function readSettings(
  options: SettingsOptions,
  purpose: 'apply' | 'serve' = 'apply',
): Promise<{ settings: Settings; scorers: ScorerRegistry }> {
  const scorers = await scorerRegistry(options.scorers);
  return { settings: await loadSettings(options.settings, scorers, { purpose }), scorers };
}
