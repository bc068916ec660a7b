import type { Json } from '../core/policy.ts';
import type { TextItem } from './texts.ts';

/** Characters that are held for all queries together: 64 Mi, twice that in bytes at most. The oldest queries go first. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

interface Kept {
  readonly texts: Map<TextItem, Json>;
  characters: number;
}

/**
 * Texts of running queries that this process has written to the ledger, so that it need not read them back: mostly the worker
 * that has a prompt is the one that asks with it, and scores what comes. A text never changes, and what is not here is
 * read; a query that this process ends is forgotten.
 */
export class RecentTexts {
  private readonly queries = new Map<string, Kept>();
  private characters = 0;

  keep(queryId: string, item: TextItem, text: Json): void {
    const kept = this.queries.get(queryId) ?? { texts: new Map<TextItem, Json>(), characters: 0 };
    if (kept.texts.has(item)) return;
    const characters = sizeOf(text);
    kept.texts.set(item, text);
    kept.characters += characters;
    this.characters += characters;
    this.queries.set(queryId, kept);
    for (const oldest of this.queries.keys()) {
      if (this.characters <= MOST_CHARACTERS) break;
      this.forget(oldest);
    }
  }

  /** Null where one of the items is not here. */
  find(queryId: string, items: readonly TextItem[]): ReadonlyMap<TextItem, Json> | null {
    const texts = this.queries.get(queryId)?.texts;
    return texts !== undefined && items.every((item) => texts.has(item)) ? texts : null;
  }

  forget(queryId: string): void {
    this.characters -= this.queries.get(queryId)?.characters ?? 0;
    this.queries.delete(queryId);
  }
}

function sizeOf(value: Json): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, own]) => sum + key.length + sizeOf(own), 16);
}
