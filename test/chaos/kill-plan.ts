import { drawUnit } from '../../recorded/random.ts';

/** Where a worker kills itself, in the order in which a query comes past them. */
export const POINTS = [
  'plan-before-commit',
  'intent-before-commit',
  'intent-committed',
  'request-sent',
  'response-received',
  'close-before-commit',
  'close-committed',
  'end-before-commit',
  'end-committed',
] as const;
export type Point = (typeof POINTS)[number];

/** What is killed from outside, whatever it is doing. */
export const BLOWS = ['worker', 'both-workers', 'postgres', 'worker-and-postgres', 'temporal'] as const;
export type Blow = (typeof BLOWS)[number];

export type KillKind = Point | Blow;
export const KILL_KINDS: readonly KillKind[] = [...POINTS, ...BLOWS];

/** A worker's own death: it kills itself when it comes past the point for the nth time. */
export interface PointKill {
  readonly point: Point;
  /** From 1. */
  readonly nth: number;
}

/** A kill from outside, so many milliseconds after the one before it was mended. */
export interface OutsideKill {
  readonly blow: Blow;
  readonly afterMs: number;
}

export interface KillPlan {
  /** Each is given to the next worker that starts. */
  readonly own: readonly PointKill[];
  readonly outside: readonly OutsideKill[];
}

/** So many of a worker's own deaths come for each kill from outside: a server's return takes seconds. */
const OWN_SHARE = 0.7;
/** A worker is past each point a few times a second, so it dies while others of its calls are at every other point. */
const LATEST_NTH = 12;
const PAUSE_MS = { least: 2_000, most: 6_000 };

/**
 * The plan of so many kills, by its seed alone: every kind in turn, in a drawn order, so that none is left out as long as
 * there are at least {@link fewestKills}.
 */
export function planKills(seed: number, kills: number): KillPlan {
  const outside = Math.max(Math.min(kills, BLOWS.length), Math.round(kills * (1 - OWN_SHARE)));
  return {
    own: Array.from({ length: kills - outside }, (_, index) => ({
      point: inTurn(POINTS, seed, index),
      nth: 1 + Math.floor(drawUnit(seed, 'nth', index) * LATEST_NTH),
    })),
    outside: Array.from({ length: outside }, (_, index) => ({
      blow: inTurn(BLOWS, seed, index),
      afterMs: PAUSE_MS.least + drawUnit(seed, 'pause', index) * (PAUSE_MS.most - PAUSE_MS.least),
    })),
  };
}

/** With fewer kills than this a kind is left out. */
export function fewestKills(): number {
  return POINTS.length + BLOWS.length;
}

/** Round after round of all kinds, each round shuffled. */
function inTurn<Kind extends string>(kinds: readonly Kind[], seed: number, index: number): Kind {
  const round = Math.floor(index / kinds.length);
  const order = [...kinds].sort((a, b) => drawUnit(seed, round, a) - drawUnit(seed, round, b));
  return order[index % kinds.length] as Kind;
}
