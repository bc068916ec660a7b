import { simulateAll } from '../../cli/demo/check.ts';
import { chooseChain, demoPolicy } from '../../cli/demo/policy.ts';
import type { AuditedQuery } from '../../core/audited-report.ts';
import type { Picodollars } from '../../core/money.ts';
import { costOf } from '../../core/price.ts';
import { recordedPrices } from '../../recorded/prices.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { recordedUsage } from '../../recorded/usage.ts';

/** A query of a fully recorded set as a cascade served it: what an audit would find out is known. */
export interface KnownQuery {
  /** What the report sees of its audit, were it audited. */
  readonly audit: Omit<AuditedQuery, 'inclusion'> & {
    readonly inputTokens: number;
    readonly servedCorrect: boolean;
    readonly baselineCorrect: boolean;
  };
  /** For all that was called. */
  readonly paid: Picodollars;
  /** Of that, for the stage before the last; null where the query stopped before it. */
  readonly stage: Picodollars | null;
  /** Of the last stage's response, called or not. */
  readonly last: Picodollars;
}

/** The model that is last in the chain of {@link knownQueries}. */
export const lastModel = (set: RecordedSet): string => chooseChain(set).at(-1) ?? '';

/** Every query of a recorded set as the demo's chain serves it. */
export async function knownQueries(set: RecordedSet): Promise<KnownQuery[]> {
  const policy = demoPolicy(set, chooseChain(set));
  const models = policy.chain.map(({ model }) => model);
  const lastStage = models.length - 1;
  const responseOf = (stage: number, id: string) => set.responses.get(models[stage]!)!.get(id)!;
  const costAt = (stage: number, id: string): Picodollars =>
    costOf(recordedUsage(responseOf(stage, id)), recordedPrices(set.models[models[stage]!]!)[0].rates);
  return (await simulateAll(set, policy, set.queries)).map(({ id, correct, cost, bought }): KnownQuery => {
    const called = bought.map(({ stage }) => stage);
    const others = models.map((_model, stage) => stage).filter((stage) => !called.includes(stage));
    return {
      audit: {
        inputTokens: responseOf(0, id).input_tokens,
        called: called.map((stage) => models[stage]!),
        endedAt: Math.max(...called),
        lastStage,
        bought: others.map((stage) => ({ stage, model: models[stage]!, cost: costAt(stage, id) })),
        servedCorrect: correct === true,
        baselineCorrect: responseOf(lastStage, id).correct === 1,
        judgedBy: 'reference',
      },
      paid: cost,
      stage: bought.find(({ stage }) => stage === lastStage - 1)?.cost ?? null,
      last: costAt(lastStage, id),
    };
  });
}
