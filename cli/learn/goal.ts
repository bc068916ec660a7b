import type { CertifiedLoss } from '../../core/certificate.ts';
import type { Goal } from '../../learning/learn.ts';
import { CliError, EXIT } from '../exit.ts';

export interface GoalOptions {
  readonly budget?: number;
  readonly targetAccuracy?: 'best' | number;
  readonly maxRegret?: number;
  readonly maxHarm?: number;
  readonly maxError?: number;
  readonly confidence: number;
  readonly baseline?: string;
}

/** What a policy is learned for: a goal without a guarantee, or a claim to be certified. */
export type Wanted =
  | { readonly type: 'goal'; readonly goal: Goal }
  | {
      readonly type: 'claim';
      readonly claim: {
        readonly loss: CertifiedLoss;
        readonly alpha: number;
        readonly delta: number;
        readonly baseline: string | null;
      };
    };

/** Without any goal: as accurate as the best single model, as cheaply as can be. @throws {CliError} for more than one. */
export function wantedOf(options: GoalOptions): Wanted {
  const { budget, targetAccuracy, maxRegret, maxHarm, maxError, confidence, baseline = null } = options;
  const given = [budget, targetAccuracy, maxRegret, maxHarm, maxError].filter((value) => value !== undefined);
  if (given.length > 1) {
    throw new CliError(
      'name one goal: --budget, --target-accuracy, --max-regret, --max-harm or --max-error',
      EXIT.usage,
    );
  }
  const claim = (loss: CertifiedLoss, alpha: number): Wanted => {
    if (!(alpha > 0 && alpha < 1)) {
      throw new CliError(
        `a ${loss} of ${100 * alpha}% cannot be certified: it must lie between 0% and 100%`,
        EXIT.usage,
      );
    }
    if (!(confidence > 0 && confidence < 1)) {
      throw new CliError('--confidence: expected a share between 0% and 100%, such as 90%', EXIT.usage);
    }
    return {
      type: 'claim',
      claim: { loss, alpha, delta: Number((1 - confidence).toPrecision(12)), baseline },
    };
  };
  if (maxRegret !== undefined) return claim('regret', maxRegret);
  if (maxHarm !== undefined) return claim('harm', maxHarm);
  if (maxError !== undefined) return claim('selective', maxError);
  if (baseline !== null) {
    throw new CliError('--baseline goes with --max-regret or --max-harm', EXIT.usage);
  }
  if (budget !== undefined) return { type: 'goal', goal: { type: 'budget', share: budget } };
  return { type: 'goal', goal: { type: 'accuracy', target: targetAccuracy ?? 'best' } };
}
