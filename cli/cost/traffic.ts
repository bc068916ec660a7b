import type { PlannedStage, PlannedTraffic } from '../../core/cost-plan.ts';
import type { ObservedTraffic } from '../../ledger/observed-traffic.ts';
import { parseChain, parseModels } from './parse.ts';

/** What the command line says of the traffic that is planned; what it leaves out is taken from the ledger or a default. */
export interface TrafficOptions {
  readonly requests?: number | undefined;
  readonly input?: number | undefined;
  readonly output?: number | undefined;
  readonly chain?: string | undefined;
  readonly model: readonly string[];
  readonly scorerUsd?: string | undefined;
  readonly cached?: number | undefined;
  readonly retries?: number | undefined;
  readonly length?: number | undefined;
}

export interface Planned {
  readonly traffic: PlannedTraffic;
  readonly chain: readonly PlannedStage[];
}

const DAYS_A_MONTH = 30;
const DAY_MS = 24 * 60 * 60 * 1000;

/** @throws {RangeError} that names the option that is missing or wrong. */
export function trafficFromOptions(options: TrafficOptions): Planned {
  const { requests, input, output, chain } = options;
  const missing = Object.entries({ requests, input, output, chain }).filter(
    ([, value]) => value === undefined,
  );
  if (requests === undefined || input === undefined || output === undefined || chain === undefined) {
    const flags = missing.map(([name]) => `--${name}`).join(', ');
    throw new RangeError(
      `${flags}: missing; give them, or --from-ledger <task> to take them from its traffic`,
    );
  }
  return {
    traffic: {
      requests,
      inputTokens: input,
      outputTokens: output,
      cachedShare: options.cached ?? 0,
      retryRate: options.retries ?? 0,
      escalatedLength: options.length ?? 1,
      scorerUsd: options.scorerUsd ?? '0',
    },
    chain: parseChain(chain, parseModels(options.model)),
  };
}

/**
 * Observed traffic as a plan: acceptance is the share of the queries at a stage that went no further, tokens are means at the
 * first stage, the cached share its own; retries are over all stages; the length factor is the mean output of later stages
 * over the first's (another model may also say more). A month has as many queries as 30 days at the observed pace.
 * What the options give wins.
 * @throws {RangeError} where the ledger cannot say, with the option that mends it.
 */
export function trafficFromLedger(observed: ObservedTraffic, options: TrafficOptions): Planned {
  const [first, ...later] = observed.stages;
  if (first === undefined || observed.from === null || observed.to === null) {
    throw new RangeError('the ledger has no ended query of the task’s current policy in this range');
  }
  const days = Math.max(1, (observed.to.getTime() - observed.from.getTime()) / DAY_MS);
  const calls = observed.stages.reduce((sum, { reached }) => sum + reached, 0);
  const retries = observed.stages.reduce((sum, stage) => sum + stage.retries, 0);
  const firstOutput = mean(first.outputTokens, options.output, '--output');
  const models = parseModels(options.model);
  return {
    traffic: {
      requests: options.requests ?? Math.round((observed.queries / days) * DAYS_A_MONTH),
      inputTokens: Math.round(mean(first.inputTokens, options.input, '--input')),
      outputTokens: Math.round(firstOutput),
      cachedShare: options.cached ?? share(first.cachedTokens, first.inputTokens),
      retryRate: options.retries ?? retries / calls,
      escalatedLength: options.length ?? lengthOf(later, firstOutput),
      scorerUsd: options.scorerUsd ?? scoring(observed),
    },
    chain:
      options.chain === undefined
        ? observed.stages.map(({ model, rates: billed, reached, stopped }, index) => {
            const rates = models.get(model) ?? billed;
            if (rates === null) {
              throw new RangeError(`the ledger has no price of ${model}: add --model ${model}=input/output`);
            }
            const last = index === observed.stages.length - 1;
            return { model, rates, acceptance: last ? 1 : stopped / reached };
          })
        : parseChain(options.chain, models),
  };
}

function mean(observed: number | null, given: number | undefined, flag: string): number {
  const value = given ?? observed;
  if (value === null) throw new RangeError(`no response of the first stage told its tokens: add ${flag}`);
  return value;
}

function share(part: number | null, total: number | null): number {
  return part === null || total === null || total === 0 ? 0 : Math.min(1, part / total);
}

function lengthOf(later: ObservedTraffic['stages'], firstOutput: number): number {
  const known = later.filter(({ outputTokens }) => outputTokens !== null);
  const queries = known.reduce((sum, { reached }) => sum + reached, 0);
  if (queries === 0 || firstOutput === 0) return 1;
  const output = known.reduce((sum, { outputTokens, reached }) => sum + (outputTokens ?? 0) * reached, 0);
  return output / queries / firstOutput;
}

function scoring({ scoringUsd }: ObservedTraffic): string {
  if (scoringUsd === null) throw new RangeError('what scoring cost has no upper bound: add --scorer-usd');
  return scoringUsd;
}
