/** Words and pairs of words of a text, each by the number of its hash bucket, once, with its weight. */
export interface Terms {
  readonly buckets: Int32Array;
  readonly weights: Float64Array;
}

/** Far more than the terms of a few thousand prompts that more than one of them holds. */
export const TERM_BUCKETS = 1 << 14;

/**
 * Prompts as unit vectors over hashed words and pairs of words, weighted by their rarity: log((1 + n) / (1 + df)), where df
 * of n prompts hold the term. What all prompts share, such as an instruction, so weighs nothing.
 * @param fitted the prompts that rarity is counted on.
 */
export function termWeighting(fitted: readonly string[]): (prompt: string) => Terms {
  const frequency = new Float64Array(TERM_BUCKETS);
  for (const bucket of fitted.flatMap((prompt) => [...bucketsOf(prompt)])) {
    frequency[bucket] = (frequency[bucket] ?? 0) + 1;
  }
  return (prompt) => {
    const buckets = Int32Array.from(bucketsOf(prompt));
    const weights = Float64Array.from(buckets, (bucket) =>
      Math.max(0, Math.log((1 + fitted.length) / (1 + (frequency[bucket] ?? 0)))),
    );
    const length = Math.hypot(...weights) || 1;
    return { buckets, weights: weights.map((weight) => weight / length) };
  };
}

function bucketsOf(prompt: string): Set<number> {
  const words = prompt.toLowerCase().match(/[\p{L}_]+|\p{N}+|[^\s\p{L}\p{N}_]/gu) ?? [];
  const buckets = new Set<number>();
  words.forEach((word, at) => {
    buckets.add(bucketOf(word));
    if (at > 0) buckets.add(bucketOf(`${words[at - 1] ?? ''} ${word}`));
  });
  return buckets;
}

/** FNV-1a over UTF-16 units. */
function bucketOf(term: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < term.length; at++) hash = Math.imul(hash ^ term.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % TERM_BUCKETS;
}
