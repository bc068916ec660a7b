import type { CommitCounts } from '../sections/commits.ts';
import type { ColdStart } from '../sections/cold-start.ts';
import type { HistorySizes } from '../sections/events.ts';
import type { Latencies } from '../sections/latency.ts';
import type { LedgerScale } from '../sections/ledger-scale.ts';
import type { Memory } from '../sections/memory.ts';
import type { Throughputs } from '../sections/throughput.ts';
import type { Waiting } from '../sections/waiting.ts';
import type { Profile } from './profiles.ts';
import type { VariantName } from './variants.ts';

/** Everything that one run found. What was not measured is absent. */
export interface Report {
  readonly machine: {
    readonly at: string;
    readonly cores: number;
    readonly model: string;
    readonly node: string;
    readonly postgres: string;
    /** The 1-minute load before the run: what others did on the machine. */
    readonly loadBefore: number;
  };
  readonly options: object;
  /** Variants that did not run, and why. */
  readonly skipped: Readonly<Partial<Record<VariantName, string>>>;
  latency?: Readonly<Partial<Record<Profile, Latencies>>>;
  throughput?: Throughputs;
  events?: HistorySizes;
  commits?: CommitCounts;
  memory?: Readonly<Partial<Record<VariantName, Memory>>>;
  waiting?: Readonly<Partial<Record<VariantName, Waiting>>>;
  ledgerScale?: readonly LedgerScale[];
  coldStart?: ColdStart;
}
