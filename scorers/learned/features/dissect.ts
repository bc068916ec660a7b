import { lastJson } from '../../../core/answer.ts';
import { messageText } from '../../../core/message.ts';
import type { ScoredQuery, ScoredResponse } from '../../scorer.ts';
import { NO_EVIDENCE, type Evidence } from '../evidence.ts';

/** A query and a response, taken apart once for all features. */
export interface Dissected {
  /** All messages' texts, in their order. */
  readonly prompt: string;
  /** As the model sent it. */
  readonly text: string;
  /** What the task's extractor found; null where the text holds no answer. */
  readonly answer: string | null;
  /** The answer as the model wrote it, before normalisation, where that is known; else the answer. */
  readonly rawAnswer: string | null;
  /** The text without the answer, and without JSON around it. */
  readonly reasoning: string;
  readonly words: readonly string[];
  /** The last JSON value of the text is an object or an array. */
  readonly hasJson: boolean;
  /** Numbers in their order, thousands separators removed. */
  readonly promptNumbers: readonly number[];
  readonly reasoningNumbers: readonly number[];
  readonly finishReason: string | null;
  /** Natural-log probabilities of the output tokens. */
  readonly logprobs: readonly number[] | null;
  /** What was bought about the response. */
  readonly evidence: Evidence;
}

/** Longer texts are judged by their beginning and end: scoring takes a bounded time. */
const LONGEST_TEXT = 20_000;

export function dissect(query: ScoredQuery, response: ScoredResponse): Dissected {
  return dissectResponse(promptOf(query), response);
}

/** The same, for one query's many responses. */
export function dissectResponse(
  prompt: PromptParts,
  response: ScoredResponse,
  evidence: Evidence = NO_EVIDENCE,
): Dissected {
  const text = bounded(response.text);
  const json = lastJson(text);
  const leaves = json === undefined ? [] : [...stringLeaves(json)];
  const rawAnswer = response.answer === null ? null : rawAnswerOf(leaves, response.answer);
  const reasoning =
    leaves.length > 1 ? leaves.filter((leaf) => leaf !== rawAnswer).join('\n') : proseOf(text, rawAnswer);
  return {
    prompt: prompt.text,
    promptNumbers: prompt.numbers,
    text,
    answer: response.answer,
    rawAnswer,
    reasoning,
    words: wordsOf(reasoning),
    hasJson: typeof json === 'object' && json !== null,
    reasoningNumbers: numbersIn(reasoning),
    finishReason: response.finishReason,
    logprobs: response.logprobs,
    evidence,
  };
}

/** A query's part of {@link Dissected}. */
export interface PromptParts {
  readonly text: string;
  readonly numbers: readonly number[];
}

export function promptOf(query: ScoredQuery): PromptParts {
  const text = bounded(query.messages.map(messageText).join('\n'));
  return { text, numbers: numbersIn(text) };
}

export function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}

/** A run of more than 308 digits, which a model that repeats itself can write, is no number: as one it would be infinite. */
function numbersIn(text: string): number[] {
  return Array.from(text.matchAll(/\d+(?:,\d{3})*(?:\.\d+)?/g), ([digits]) =>
    Number(digits.replaceAll(',', '')),
  ).filter(Number.isFinite);
}

function bounded(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  return `${text.slice(0, LONGEST_TEXT / 2)}\n${text.slice(-LONGEST_TEXT / 2)}`;
}

/** Strings and numbers of a JSON value, depth first. */
function* stringLeaves(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'number' || typeof value === 'boolean') yield String(value);
  else if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) yield* stringLeaves(inner);
  }
}

/** The last leaf that is the answer but for case, white space, quotes, and what stands around a number. */
function rawAnswerOf(leaves: readonly string[], answer: string): string {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s"'`$€£,%.]/g, '');
  const wanted = plain(answer);
  return (
    leaves.findLast((leaf) => plain(leaf) === wanted) ?? leaves.findLast((leaf) => leaf.length < 80) ?? answer
  );
}

/** The text before the last mention of its answer; all of it where the answer is not in it or is all there is. */
function proseOf(text: string, answer: string | null): string {
  if (answer === null || answer.length > text.length / 2) return text;
  const at = text.lastIndexOf(answer);
  return at <= 0 ? text : text.slice(0, at);
}
