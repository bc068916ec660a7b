import type { Picodollars } from '../../core/money.ts';
import type { Spend } from '../../core/spend.ts';

/** What a class of spend was for: the colour that it has everywhere on the page. */
export type Kind = 'answers' | 'twice' | 'aside' | 'unsettled';

export const KINDS: Readonly<Record<Kind, string>> = {
  answers: 'served answers',
  twice: 'paid twice',
  aside: 'audits',
  unsettled: 'not settled yet',
};

/** A report as it is drawn: words and numbers only, nothing left to decide. */
export interface Page {
  readonly title: string;
  /** One line: period, rule, as-of. */
  readonly about: string;
  readonly tasks: readonly PageTask[];
}

export interface PageTask {
  readonly name: string;
  /** One line under the name: policy versions, chain. */
  readonly about: string;
  readonly tiles: readonly Tile[];
  readonly classes: readonly ClassBar[];
  readonly days: readonly DayBar[];
  readonly stages: readonly StageStep[];
  readonly savings: readonly SavingsRange[];
  /** On recorded responses, where a set was given; null where none was. */
  readonly simulated: {
    readonly queries: number;
    readonly savings: readonly SavingsRange[];
    /** What is in no figure, a sentence each. */
    readonly leftOut: readonly string[];
  } | null;
  readonly facts: readonly (readonly [string, string])[];
}

/** A figure at a glance. */
export interface Tile {
  readonly label: string;
  readonly value: string;
  readonly note: string;
  readonly kind?: Kind;
}

export interface ClassBar {
  readonly name: string;
  readonly words: string;
  readonly kind: Kind;
  readonly attempts: number;
  readonly spend: Spend;
}

/** A UTC day of queries' starts. */
export interface DayBar {
  readonly day: string;
  readonly spend: Readonly<Partial<Record<Kind, Spend>>>;
}

export interface StageStep {
  /** From 1. */
  readonly place: number;
  readonly model: string;
  readonly reached: number;
  /** Queries that ended here, by the stop rule or because there was nothing after it. */
  readonly ended: number;
  /** Share of all queries that reached the stage, in [0, 1]. */
  readonly share: number;
  /** Share of those that the stop rule stopped here, in [0, 1]; null where no query has ended here or beyond. */
  readonly acceptance: number | null;
  /** The share from which the stage pays by itself, as bounds; may exceed 1; null where it is not known. */
  readonly breakEven: { readonly low: number; readonly high: number | null } | null;
  readonly spend: Spend;
  readonly verdict: string;
}

/** What a named baseline would have cost, less what was spent. */
export interface SavingsRange {
  readonly baseline: string;
  readonly low: Picodollars | null;
  readonly high: Picodollars | null;
  /** Accuracy against the same baseline, or that it is not measured. */
  readonly accuracy: string;
}
