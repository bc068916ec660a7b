import type { Picodollars } from './money.ts';
import type { Rates } from './price.ts';
import type { Usage } from './usage.ts';

/** What an invoice says of one UTC day of one model. */
export interface InvoiceCell {
  readonly amount: Picodollars;
  /** Null where the invoice does not say. */
  readonly requests: number | null;
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly outputTokens: number | null;
}

/** Attempts of a cell with one price and one price tier, summed up. */
export interface LedgerGroup {
  /** Null where they have no price. */
  readonly priceId: string | null;
  readonly rates: Rates | null;
  /** The largest of its requests, in input tokens: it stands for the tier of all. */
  readonly largestInput: number;
  readonly requests: number;
  readonly low: Picodollars;
  /** Null where nothing bounds it. */
  readonly high: Picodollars | null;
  /** Over attempts whose cost is known. */
  readonly known: Picodollars;
  readonly usage: Usage;
  /** Attempts with bounds that do not meet, those without a price left out. */
  readonly bounded: Part & { readonly high: Picodollars };
  readonly unbounded: Part;
  /** Known costs of attempts that gave no usable response. */
  readonly unusable: Part;
  readonly cached: Part;
  readonly samples: readonly string[];
}

export interface Part {
  readonly requests: number;
  readonly low: Picodollars;
  /** Attempt ids, with the vendor's request id where there is one. */
  readonly samples: readonly string[];
}
