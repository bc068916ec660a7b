import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument, type Document } from 'yaml';
import type { Budget } from '../core/budget.ts';
import type { Policy } from '../core/policy.ts';
import type { Relearning } from '../core/relearning.ts';
import { redact } from '../providers/redact.ts';
import type { ScorerRegistry } from '../scorers/registry.ts';
import { budgetsOf } from './budgets.ts';
import { at, located } from './locate.ts';
import { modelsOf, type ModelSettings } from './models.ts';
import { policyOf } from './policies.ts';
import { problemsOf, SettingsError, type Problem } from './problems.ts';
import { providersOf, type ProviderSettings } from './providers.ts';
import { relearningOf } from './relearn.ts';
import { settingsSchema, type RawSettings } from './schema.ts';

export interface Settings {
  readonly providers: ReadonlyMap<string, ProviderSettings>;
  /** By their names in the file, with what is known of their prices. */
  readonly models: ReadonlyMap<string, ModelSettings>;
  /** One per task, in the order of the file. */
  readonly policies: readonly Policy[];
  /** Of tasks and tenants. `apply` stores them beside the policies. */
  readonly budgets: readonly Budget[];
  /** By task, of those that are learned anew on a schedule. It belongs to the worker, as the providers do. */
  readonly relearning: ReadonlyMap<string, Relearning>;
  /** What has aged since the policies were applied: prices have changed the order of a chain. One line each. */
  readonly warnings: readonly string[];
  /** As they are written: a learned policy is completed by its task's. */
  readonly raw: RawSettings;
}

export interface LoadOptions {
  /** Prices of this day order the chains. Default: now. */
  readonly now?: Date;
  /**
   * `apply` (the default) refuses a chain that is not in ascending price order; `serve` warns, because a price that
   * changed later must not keep a worker from serving what was applied.
   */
  readonly purpose?: 'apply' | 'serve';
}

/**
 * Reads `escalier.yaml`.
 * @throws {SettingsError} with every problem at once, one line each: file, line, setting, and how to mend it.
 */
export async function loadSettings(
  file: string,
  scorers: ScorerRegistry,
  options: LoadOptions = {},
): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw new SettingsError([
      missing
        ? `${file}: there is no such file: "escalier init" writes a first one (docs/settings.md describes it), or name yours with --settings`
        : `${file}: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  return parseSettings(text, file, scorers, options);
}

/** As {@link loadSettings}, from text. `file` is its name in messages. */
export function parseSettings(
  text: string,
  file: string,
  scorers: ScorerRegistry,
  { now = new Date(), purpose = 'apply' }: LoadOptions = {},
): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true });
  const raw = yamlOf(document, text, file, lines);
  if (raw === null || raw === undefined) {
    throw new SettingsError([
      `${file}: is empty: write models and tasks (see docs/settings.md), or let "escalier init" write a first one elsewhere`,
    ]);
  }
  const parsed = settingsSchema.safeParse(raw);
  const problems = parsed.success ? [] : problemsOf(parsed.error, settingsSchema, raw);
  const settings = parsed.success ? checked(parsed.data, scorers, now, problems) : null;
  const refused = problems.filter((problem) => purpose === 'apply' || problem.aged !== true);
  if (settings === null || refused.length > 0) {
    throw new SettingsError(located(problems, file, document, lines));
  }
  return { ...settings, warnings: located(problems, file, document, lines) };
}

/** @throws {SettingsError} when the text is not YAML, with one line for each line that is wrong. */
function yamlOf(document: Document, text: string, file: string, lines: LineCounter): unknown {
  const broken = new Map<number, string>();
  for (const { code, message, pos } of document.errors) {
    const { line } = lines.linePos(pos[0]);
    const what =
      code === 'DUPLICATE_KEY'
        ? `"${/^[^\s:]*/.exec(text.slice(pos[0]))?.[0] ?? ''}" is written twice in the same place: keep one of them`
        : // Some messages end with the text that was found, which may be a key.
          `is not YAML: ${message.replace(/: ".*"$/s, '')}`;
    if (!broken.has(line)) broken.set(line, redact(`${at(file, line)}: ${what}`, []));
  }
  if (broken.size > 0) throw new SettingsError([...broken.values()]);
  try {
    return document.toJS();
  } catch (error) {
    // An alias without its anchor, or one that multiplies without end.
    throw new SettingsError([
      `${file}: is not YAML: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
}

function checked(
  raw: RawSettings,
  scorers: ScorerRegistry,
  now: Date,
  problems: Problem[],
): Omit<Settings, 'warnings'> {
  const providers = providersOf(raw, problems);
  const models = modelsOf(raw, providers, problems);
  const policies = Object.entries(raw.tasks)
    .map(([task, rawTask]) => policyOf({ settings: raw, models, scorers, now }, task, rawTask, problems))
    .filter((policy) => policy !== null);
  const relearning = new Map(
    Object.entries(raw.tasks).flatMap(([task, { relearn }]) =>
      relearn === undefined ? [] : [[task, relearningOf(relearn)] as const],
    ),
  );
  return { providers, models, policies, budgets: budgetsOf(raw), relearning, raw };
}
