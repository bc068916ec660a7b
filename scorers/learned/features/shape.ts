import { deflateRawSync } from 'node:zlib';
import type { Dissected } from './dissect.ts';
import { flag, logOf, share, type Feature } from './feature.ts';

/** How the text looks from afar. Long is doubtful, and so is what repeats itself. */
export const SHAPE: readonly Feature[] = [
  { name: 'text-length', of: ({ text }) => logOf(text.length) },
  { name: 'reasoning-words', of: ({ words }) => logOf(words.length) },
  { name: 'length-to-prompt', of: ({ text, prompt }) => logOf(text.length) - logOf(prompt.length) },
  { name: 'lines', of: ({ reasoning }) => logOf(reasoning.split('\n').length) },
  { name: 'sentences', of: ({ reasoning }) => logOf(reasoning.match(/[.!?](?:\s|$)/g)?.length ?? 0) },
  { name: 'compressibility', of: ({ text }) => compressibility(text) },
  { name: 'vocabulary', of: ({ words }) => share(new Set(words).size, words.length) },
  { name: 'repeated-trigrams', of: ({ words }) => repeatedTrigrams(words) },
  { name: 'word-length', of: ({ words }) => share(words.join('').length, words.length) },
  { name: 'cut-off', of: ({ finishReason }) => flag(finishReason === 'length') },
  { name: 'json', of: ({ hasJson }) => flag(hasJson) },
  { name: 'text-around-json', of: ({ text, hasJson }) => (hasJson ? logOf(text.search(/[[{]/)) : null) },
  { name: 'code-fence', of: ({ text }) => flag(text.includes('```')) },
  { name: 'unbalanced', of: ({ text }) => flag(unbalanced(text)) },
];

/** Bytes after deflate to bytes before; small for what repeats itself. */
function compressibility(text: string): number | null {
  const bytes = Buffer.from(text);
  return share(deflateRawSync(bytes, { level: 1 }).length, bytes.length);
}

function repeatedTrigrams(words: Dissected['words']): number | null {
  const seen = new Set<string>();
  for (let at = 2; at < words.length; at++) seen.add(`${words[at - 2]} ${words[at - 1]} ${words[at]}`);
  return words.length < 3 ? null : 1 - seen.size / (words.length - 2);
}

function unbalanced(text: string): boolean {
  const count = (mark: string): number => text.split(mark).length - 1;
  return count('(') !== count(')') || count('[') !== count(']') || count('{') !== count('}');
}
