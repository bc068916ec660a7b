import type { Price } from '../core/price.ts';
import type { JsonObject, ScorerSpec } from '../core/policy.ts';
import type { Relearner } from '../core/relearning.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Provider } from '../providers/provider.ts';
import type { Score } from '../scorers/scorer.ts';

/** A provider as the worker has it configured. */
export interface ConnectedProvider {
  readonly provider: Provider;
  /** The catalogue's price rows for a model id, or null where it has none. */
  readonly catalogue: (modelId: string) => readonly Price[] | null;
  /** What keeps the provider from being asked (a missing key), with how to mend it; null when all is there. */
  readonly problem: string | null;
}

/** The latest run of a workflow id. */
export interface WorkflowState {
  readonly runId: string;
  readonly status: 'running' | 'completed' | 'failed' | 'cancelled' | 'terminated' | 'timed-out';
}

/** What activities ask of Temporal, beside what the SDK tells them. */
export interface WorkflowStates {
  /** Null where Temporal knows no such workflow: it was deleted, or its retention is over. */
  workflowState(workflowId: string): Promise<WorkflowState | null>;
  /** What a completed run returned. */
  resultOf(workflowId: string, runId: string): Promise<unknown>;
}

/** Everything that activities do to the world. Tests pass fakes. */
export interface Ports {
  readonly ledger: Ledger;
  /** By the name in the settings; undefined for a provider that this worker does not have. */
  readonly provider: (name: string) => ConnectedProvider | undefined;
  /**
   * A policy's scorer, with all there that it needs.
   * @throws {ScorerProblem} when a person must mend something. Any other error is worth another try.
   */
  readonly scorer: (spec: Pick<ScorerSpec, 'name' | 'options'>) => Score | Promise<Score>;
  /** Names of the providers that can be asked afterwards what a response cost. */
  readonly costTellers: readonly string[];
  /** An upper bound on the input tokens of a request, or null where there is none. */
  readonly inputTokenBound: (messages: readonly JsonObject[], parameters: JsonObject) => number | null;
  /** Where alarms are posted to; absent for nowhere. */
  readonly alarmWebhook?: string;
  /** Learns tasks anew; absent in a worker that has no learning. */
  readonly relearner?: Relearner;
  /** Identity of the worker, kept with every attempt. */
  readonly worker: string;
}
