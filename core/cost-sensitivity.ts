import { planCascade, type PlannedStage, type PlannedTraffic } from './cost-plan.ts';
import { formatUsd, parseUsd, type Picodollars } from './money.ts';

/** What a plan's total becomes when one of its assumptions is off. */
export interface Sensitivity {
  readonly assumption: string;
  /** The plan's total with the assumption changed one way, and the other. Null where that way is impossible. */
  readonly less: { readonly what: string; readonly total: Picodollars } | null;
  readonly more: { readonly what: string; readonly total: Picodollars } | null;
}

/**
 * The plan again with each assumption changed by itself: the acceptance of each stage and the cached share by ten points,
 * the lengths by a fifth, the rate of retries by two points, and the price of scoring by half. Changes that leave the
 * possible range, or change nothing (the length of escalated queries where none escalates), are left out.
 */
export function costSensitivity(traffic: PlannedTraffic, chain: readonly PlannedStage[]): Sensitivity[] {
  const total = (change: Partial<PlannedTraffic>, stages = chain): Picodollars =>
    planCascade({ ...traffic, ...change }, stages).total;
  const rows = [
    ...chain.slice(0, -1).map(({ model, acceptance }, stage) =>
      pair(`${model} accepts`, acceptance, 0.1, percent, share, (changed) =>
        total(
          {},
          chain.map((other, index) => (index === stage ? { ...other, acceptance: changed } : other)),
        ),
      ),
    ),
    pair('input tokens', traffic.inputTokens, traffic.inputTokens / 5, whole, always, (changed) =>
      total({ inputTokens: Math.round(changed) }),
    ),
    pair('output tokens', traffic.outputTokens, traffic.outputTokens / 5, whole, always, (changed) =>
      total({ outputTokens: Math.round(changed) }),
    ),
    pair('length of escalated queries', traffic.escalatedLength, 0.2, factor, always, (changed) =>
      total({ escalatedLength: changed }),
    ),
    pair('cached input', traffic.cachedShare, 0.1, percent, share, (changed) =>
      total({ cachedShare: changed }),
    ),
    pair('retries', traffic.retryRate, 0.02, percent, always, (changed) => total({ retryRate: changed })),
    scoring(traffic, total),
  ];
  const base = total({});
  return rows.filter(({ less, more }) => [less, more].some((way) => way !== null && way.total !== base));
}

function pair(
  assumption: string,
  value: number,
  by: number,
  text: (value: number) => string,
  possible: (value: number) => boolean,
  total: (value: number) => Picodollars,
): Sensitivity {
  const way = (raw: number): Sensitivity['less'] => {
    // Ten points less than 0.3 are 0.2, not 0.19999999999999998.
    const changed = Number(raw.toFixed(9));
    return possible(changed) ? { what: text(changed), total: total(changed) } : null;
  };
  return { assumption, less: way(value - by), more: way(value + by) };
}

function scoring(
  traffic: PlannedTraffic,
  total: (change: Partial<PlannedTraffic>) => Picodollars,
): Sensitivity {
  const price = parseUsd(traffic.scorerUsd);
  const way = (changed: Picodollars): Sensitivity['less'] => ({
    what: `$${formatUsd(changed)}`,
    total: total({ scorerUsd: formatUsd(changed) }),
  });
  return { assumption: 'scoring one response', less: way(price / 2n), more: way((price * 3n) / 2n) };
}

const always = (value: number): boolean => value >= 0;
const share = (value: number): boolean => value >= 0 && value <= 1;
const percent = (value: number): string => `${Number((value * 100).toFixed(1))}%`;
const whole = (value: number): string => String(Math.round(value));
const factor = (value: number): string => `× ${Number(value.toFixed(2))}`;
