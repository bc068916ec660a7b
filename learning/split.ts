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

/**
 * The set's own split where a query has one, else halves by hash. A group stays together: it is on the side that one of its queries
 * names, and belongs to train where they name both.
 * @param ofTask all queries of the task, also those that are left out of `queries`: so a query is on one side whatever is left out.
 */
export function halvesOf(
  queries: readonly RecordedQuery[],
  ofTask: readonly RecordedQuery[] = queries,
): Halves {
  const own = new Map<string, 'train' | 'test'>();
  for (const query of ofTask) {
    const group = groupOf(query);
    if (query.split !== undefined && own.get(group) !== 'train') own.set(group, query.split);
  }
  const groups = queries.map(groupOf);
  const straddling = groups.filter(
    (group, at) => queries[at]!.split === 'test' && own.get(group) === 'train',
  ).length;
  const sideByHash = (group: string) => (isTrainByHash(group, 'halves') ? 'train' : 'test');
  return { ...partition(groups, (group) => (own.get(group) ?? sideByHash(group)) === 'train'), straddling };
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
  return partition(queries.map(groupOf), (group) => isTrainByHash(group, salt));
}

function isTrainByHash(group: string, salt: string): boolean {
  return placeOf(group, salt) < 0.5;
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
