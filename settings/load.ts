import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import type { Policy } from '../core/policy.ts';
import { catalogueBook } from '../providers/price-book.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import { policyOf } from './policies.ts';
import { locate, problemsOf, SettingsError, type Problem } from './problems.ts';
import { providersOf, type ProviderSettings } from './providers.ts';
import { settingsSchema, type RawSettings } from './schema.ts';

export interface Settings {
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  /** One per task, in the order of the file. */
  readonly policies: readonly Policy[];
}

/**
 * Reads `escalier.yaml`.
 * @throws {SettingsError} with every problem at once, one line each: file, line, setting, and how to mend it.
 */
export async function loadSettings(
  file: string,
  scorers: ScorerRegistry,
  now = new Date(),
): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new SettingsError([
      missing
        ? `${file}: there is no such file: write one (see docs/settings.md), or name yours with --settings`
        : `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  return parseSettings(text, file, scorers, now);
}

/** As {@link loadSettings}, from text. `file` is its name in messages. */
export function parseSettings(text: string, file: string, scorers: ScorerRegistry, now: Date): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const line = broken.linePos?.[0].line;
    throw new SettingsError([
      `${file}${line === undefined ? '' : `:${line}`}: is not YAML: ${broken.message.split('\n')[0] ?? ''}`,
    ]);
  }
  const parsed = settingsSchema.safeParse(document.toJS() ?? {});
  const problems: Problem[] = parsed.success ? [] : problemsOf(parsed.error);
  const settings = parsed.success ? checked(parsed.data, scorers, now, problems) : null;
  if (settings === null || problems.length > 0) {
    throw new SettingsError(problems.map((problem) => locate(problem, file, document, lines)));
  }
  return settings;
}

function checked(raw: RawSettings, scorers: ScorerRegistry, now: Date, problems: Problem[]): Settings {
  const providers = providersOf(raw, problems);
  requirePrices(raw, providers, problems);
  const policies = Object.keys(raw.tasks).flatMap((task) => {
    const result = policyOf({ settings: raw, providers, scorers, now }, task);
    if ('policy' in result) return [result.policy];
    problems.push(...result.problems);
    return [];
  });
  return { providers, policies };
}

function requirePrices(
  raw: RawSettings,
  providers: ReadonlyMap<string, ProviderSettings>,
  problems: Problem[],
): void {
  for (const [name, model] of Object.entries(raw.models)) {
    const provider = providers.get(model.provider);
    if (provider === undefined || model.price !== undefined) continue;
    const id = model.id ?? name;
    if (provider.priceProvider !== null && catalogueBook(provider.priceProvider, id) !== null) continue;
    problems.push({
      path: ['models', name],
      message: `no price is known for "${id}" at ${provider.title}: add price: { input_usd_per_mtok: …, output_usd_per_mtok: … }, or price: unknown`,
    });
  }
}
