/** Words and pairs of words of a text, each by its number in a vocabulary, with its weight. The vector is of length 1. */
export interface Terms {
  readonly ids: Int32Array;
  readonly weights: Float64Array;
}

export interface Vocabulary {
  /** Numbers are from 0 up to here. */
  readonly size: number;
  /** By number. */
  readonly terms: readonly string[];
  readonly termsOf: (prompt: string) => Terms;
}

/**
 * Words and pairs of words that two or more of n prompts hold: what only one holds says nothing about another. Each weighs
 * by its rarity, log((1 + n) / (1 + df)) where df of them hold it, so that what all share, such as an instruction, weighs
 * nothing.
 */
export function vocabularyOf(prompts: readonly string[]): Vocabulary {
  const frequency = new Map<string, number>();
  for (const prompt of prompts) {
    for (const term of termsIn(prompt)) frequency.set(term, (frequency.get(term) ?? 0) + 1);
  }
  const known = new Map(
    [...frequency]
      .filter(([, count]) => count > 1)
      .map(([term, count], id) => [term, { id, rarity: Math.log((1 + prompts.length) / (1 + count)) }]),
  );
  return {
    size: known.size,
    terms: [...known.keys()],
    termsOf(prompt) {
      const held = [...termsIn(prompt)].flatMap((term) => known.get(term) ?? []);
      const length = Math.hypot(...held.map(({ rarity }) => rarity)) || 1;
      return {
        ids: Int32Array.from(held, ({ id }) => id),
        weights: Float64Array.from(held, ({ rarity }) => rarity / length),
      };
    },
  };
}

function termsIn(prompt: string): Set<string> {
  const words = prompt.toLowerCase().match(/[\p{L}_]+|\p{N}+|[^\s\p{L}\p{N}_]/gu) ?? [];
  return new Set(words.flatMap((word, at) => (at === 0 ? [word] : [word, `${words[at - 1] ?? ''} ${word}`])));
}
