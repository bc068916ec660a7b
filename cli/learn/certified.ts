import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateText } from '../../core/certificate.ts';
import { costShareOf } from '../../learning/cost-share.ts';
import type { Dataset } from '../../learning/dataset.ts';
import { levelOf } from '../../learning/guarantee/certify.ts';
import { forecastText } from '../../learning/guarantee/forecast.ts';
import type { Claim } from '../../learning/guarantee/frozen-test.ts';
import { claimUse, upcomingUse } from '../../learning/guarantee/uses.ts';
import { certifyFrozen, claimedTest, forecastOf, freeze } from '../../learning/learn-certified.ts';
import type { LearnOptions } from '../../learning/learn.ts';
import type { LearnedSomehow } from '../commands/learn.ts';
import type { Context } from '../context.ts';
import { percent } from '../output.ts';

/**
 * A policy with a guarantee, or the baseline where nothing can be guaranteed. What may be expected is said before a certify
 * label is read; the use of the labels is entered into a register first, so that trying again costs what it must.
 */
export async function certified(
  context: Context,
  data: Dataset,
  train: readonly number[],
  claim: Omit<Claim, 'baseline'> & { readonly baseline: string | null },
  options: LearnOptions,
): Promise<LearnedSomehow> {
  const frozen = freeze(data, train, claim, options);
  await mkdir(context.dataFolder, { recursive: true });
  const register = join(context.dataFolder, 'certify-uses.jsonl');
  const test = claimedTest(frozen);
  const expected = forecastOf(frozen, await upcomingUse(register, frozen.split, test), options.seed);
  context.say(forecastText(frozen.claim, expected));
  const use = await claimUse(register, frozen.split, test);
  const { policy, certification } = certifyFrozen(data, frozen, use, options);
  const { certificate, labelsNeeded, pValues, plugIn, point } = certification;
  return {
    policy,
    fitted: frozen.fitted,
    compared: frozen.compared,
    certification: {
      statement:
        certificate === null ? nothingCertified(frozen.claim, labelsNeeded) : certificateText(certificate),
      forecast: expected,
      certificate,
      p_values: pValues,
      level: levelOf(use.delta, use.use),
      path: frozen.selection.points.map((point) => ({
        accuracy: mean(point.right),
        cost_share: costShareOf(mean(point.costUsd), frozen.fitted.reference.costUsd),
      })),
      labels_needed: labelsNeeded,
      plug_in: plugIn,
      point,
    },
  };
}

/** What to do instead. Against itself the baseline loses nothing; of its errors nothing is known to be below a bound. */
function nothingCertified({ loss, alpha, baseline }: Claim, labelsNeeded: number | null): string {
  const more = labelsNeeded === null ? 'ask for less' : `label about ${labelsNeeded} queries to certify on`;
  return loss === 'selective'
    ? `No cascade could be certified for errors of at most ${percent(alpha)} among the answers accepted before its last stage: ${more}. What was written serves ${baseline} alone, whose errors nothing is said about.`
    : `Nothing but the baseline ${baseline} could be certified for a ${loss} of at most ${percent(alpha)}: serve it alone, or ${more}.`;
}

function mean(values: readonly (number | boolean)[]): number {
  return values.reduce((sum: number, value) => sum + Number(value), 0) / values.length;
}
