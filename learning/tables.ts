import { mean } from './baselines/outcomes.ts';
import type { Dataset } from './dataset.ts';
import { gainCurve } from './gain.ts';
import { stepTable, type ChainTable, type StepTable } from './frontier.ts';
import { priceLine } from './price-line.ts';
import { NO_EVIDENCE, setKey, setsOf, tableOf, type Judge, type SetTable } from './sets.ts';

/** The tables of all chains of a pool, which share those of their beginnings. */
export class Tables {
  readonly queries: readonly number[];
  private readonly data: Dataset;
  private readonly judgeOf: (position: number) => Judge;
  private readonly sets = new Map<string, SetTable>();
  private readonly spends = new Map<string, Float64Array>();
  private readonly callCosts = new Map<number, Float64Array>();
  private readonly scoredCosts = new Map<number, Float64Array>();
  private readonly steps = new Map<string, StepTable>();

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
    // A single model has nothing to decide, and has nothing bought about its response.
    const spent =
      chain.length === 1
        ? [this.costs(chain[0]!, false)]
        : chain.map((_, stage) => this.spent(chain.slice(0, stage + 1)));
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

  /** What calling all of these models costs with the scoring of their responses, by position. */
  private spent(models: readonly number[]): Float64Array {
    const key = setKey(models);
    const known = this.spends.get(key);
    if (known !== undefined) return known;
    const own = this.costs(models.at(-1)!, true);
    const { queryEvidenceUsd } = this.data;
    const spent =
      models.length > 1
        ? sumOf(this.spent(models.slice(0, -1)), own)
        : queryEvidenceUsd === undefined
          ? own
          : sumOf(
              own,
              Float64Array.from(this.queries, (query) => queryEvidenceUsd[query]!),
            );
    this.spends.set(key, spent);
    return spent;
  }

  /** What a model's calls cost, by position; with what is bought to score their responses, or without. */
  private costs(model: number, scored: boolean): Float64Array {
    const known = (scored ? this.scoredCosts : this.callCosts).get(model);
    if (known !== undefined) return known;
    const costs = Float64Array.from(this.queries, (query) => {
      const { costUsd, evidenceUsd = 0 } = this.data.responses[model]![query]!;
      return scored ? costUsd + evidenceUsd : costUsd;
    });
    (scored ? this.scoredCosts : this.callCosts).set(model, costs);
    return costs;
  }

  /** The step that calls the last of these models. */
  private step(models: readonly number[]): StepTable {
    const key = setKey(models);
    const known = this.steps.get(key);
    if (known !== undefined) return known;
    const before = this.set(models.slice(0, -1));
    const after = this.set(models);
    const spent = this.spent(models.slice(0, -1));
    const costs = this.costs(models.at(-1)!, true);
    const step = stepTable(before, spent, {
      priceUsd: mean(costs),
      spent: priceLine(spent, costs),
      gain: gainCurve(
        before.confidence,
        after.confidence,
        before.order.filter((at) => before.score[at] !== NO_EVIDENCE),
      ),
    });
    this.steps.set(key, step);
    return step;
  }
}

function sumOf(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, at) => value + b[at]!);
}
