import type { ValueStep } from '../core/stop-rule.ts';
import type { Dataset } from './dataset.ts';
import { gainCurve } from './gain.ts';
import type { ChainTable } from './frontier.ts';
import { NO_EVIDENCE, setKey, setsOf, tableOf, type Judge, type SetTable } from './sets.ts';

/** The tables of all chains of a pool, which share those of their beginnings. */
export class Tables {
  readonly queries: readonly number[];
  private readonly data: Dataset;
  private readonly judgeOf: (position: number) => Judge;
  private readonly sets = new Map<string, SetTable>();
  private readonly steps = new Map<string, ValueStep>();

  constructor(data: Dataset, queries: readonly number[], judgeOf: (position: number) => Judge) {
    this.data = data;
    this.queries = queries;
    this.judgeOf = judgeOf;
  }

  /** Every chain of one to four models of the pool. */
  *chains(pool: readonly number[]): Generator<ChainTable> {
    for (const chain of setsOf(pool)) yield this.chain(chain);
  }

  chain(chain: readonly number[]): ChainTable {
    const stages = chain.map((_, stage) => this.set(chain.slice(0, stage + 1)));
    const spent: Float64Array[] = [];
    for (const [stage, model] of chain.entries()) {
      const before = spent[stage - 1];
      spent.push(
        Float64Array.from(
          this.queries,
          (query, at) => (before?.[at] ?? 0) + this.data.responses[model]![query]!.costUsd,
        ),
      );
    }
    const steps = chain.slice(1).map((_, stage) => this.step(chain.slice(0, stage + 2)));
    return { chain, stages, spent, steps };
  }

  private set(models: readonly number[]): SetTable {
    const key = setKey(models);
    const known = this.sets.get(key);
    if (known !== undefined) return known;
    const table = tableOf(this.data, models, this.queries, this.judgeOf);
    this.sets.set(key, table);
    return table;
  }

  /** The step that calls the last of these models. */
  private step(models: readonly number[]): ValueStep {
    const key = setKey(models);
    const known = this.steps.get(key);
    if (known !== undefined) return known;
    const before = this.set(models.slice(0, -1));
    const after = this.set(models);
    const { responses } = this.data;
    const costs = this.queries.reduce((sum, query) => sum + responses[models.at(-1)!]![query]!.costUsd, 0);
    const step = {
      priceUsd: costs / this.queries.length,
      gain: gainCurve(
        before.confidence,
        after.confidence,
        before.order.filter((at) => before.score[at] !== NO_EVIDENCE),
      ),
    };
    this.steps.set(key, step);
    return step;
  }
}
