import { messageText } from '../core/message.ts';
import { sha256 } from '../core/request-hash.ts';
import type { RecordedQuery } from '../recorded/format.ts';

/**
 * What must not be torn apart: a query's `group` where it has one (a conversation), else its prompt, case and white space
 * folded, so that duplicates lie on one side of every split.
 */
export function groupOf(query: RecordedQuery): string {
  if (query.group !== undefined) return `group ${query.group}`;
  return query.messages.map(messageText).join('\n').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** A number in [0, 1) of a group, by its hash: the same for the same salt, whatever else is in the set. */
export function placeOf(group: string, salt: string): number {
  return Number.parseInt(sha256(`${salt}\n${group}`).slice(0, 13), 16) / 16 ** 13;
}

/** Numbers of the queries that are learned from, and of those that are only measured on. */
export interface Halves {
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** Queries that stood in both halves of the set's own split: all of them are learned from. */
  readonly straddling: number;
}

/** The set's own split where every query has one, else halves by hash. A group that stands in both belongs to train. */
export function halvesOf(queries: readonly RecordedQuery[]): Halves {
  const hasSplit = queries.every(({ split }) => split !== undefined);
  if (!hasSplit) return { ...halvesByHash(queries, 'halves'), straddling: 0 };
  const groups = queries.map(groupOf);
  const ofTrain = new Set(groups.filter((_, at) => queries[at]!.split === 'train'));
  const straddling = groups.filter((group, at) => queries[at]!.split === 'test' && ofTrain.has(group)).length;
  return { ...partition(groups, (group) => ofTrain.has(group)), straddling };
}

/** The queries with these numbers. */
export function queriesAt(queries: readonly RecordedQuery[], numbers: readonly number[]): RecordedQuery[] {
  return numbers.map((query) => queries[query]!);
}

/** Halves by a hash of the groups and a salt. */
export function halvesByHash(
  queries: readonly RecordedQuery[],
  salt: string,
): { train: number[]; test: number[] } {
  return partition(queries.map(groupOf), (group) => placeOf(group, salt) < 0.5);
}

function partition(
  groups: readonly string[],
  isTrain: (group: string) => boolean,
): { train: number[]; test: number[] } {
  const train: number[] = [];
  const test: number[] = [];
  for (const [at, group] of groups.entries()) (isTrain(group) ? train : test).push(at);
  return { train, test };
}

/** Of each query its fold, from 0. */
export function foldsOf(queries: readonly RecordedQuery[], folds: number, salt: string): number[] {
  return queries.map((query) => Math.floor(folds * placeOf(groupOf(query), `folds ${salt}`)));
}
