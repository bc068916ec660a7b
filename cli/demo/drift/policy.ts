import { agrees } from '../../../core/audit.ts';
import { extractAnswer } from '../../../core/answer.ts';
import type { Policy } from '../../../core/policy.ts';
import type { RecordedSet } from '../../../recorded/read.ts';
import { chooseChain, demoPolicy } from '../policy.ts';
import { REGIONS, shareOfRegion, SMALLEST, TAG } from './regions.ts';

/** The promise leaves the usual disagreement this much room, in points: less, and chance alone would break it in a small slice. */
const ROOM = 2;

/**
 * A cheap model whose answers are served when they have the right form, before the best one: nothing in the chain can tell a
 * wrong answer from a right one, so that only audits notice when the first model gets worse. Every region has as many audits as
 * the smallest, all of whose queries are audited.
 */
export function driftPolicy(set: RecordedSet): Policy {
  const policy = demoPolicy(set, chooseChain(set).slice(-2));
  const options = {
    json_schema: { type: 'object', properties: { answer: {} }, required: ['answer'] },
  };
  const shares = REGIONS.map((region): [string, number] => [
    `${TAG}=${region}`,
    shareOfRegion(SMALLEST) / shareOfRegion(region),
  ]);
  const share = Math.min(...shares.map(([, own]) => own));
  return {
    ...policy,
    thresholds: policy.chain.map(() => 0.5),
    scorer: { name: 'validator', options, models: [], remote: false, scoresLastStage: true },
    execution: 'inline',
    audit: { share, slices: Object.fromEntries(shares.filter(([, own]) => own > share)) },
    watch: {
      maxLoss: promised(firstStageAgrees(set, policy)),
      judge: 'last-stage',
      labelWaitMs: 0,
      onSuspect: 'baseline',
      certificateMaxAgeMs: null,
    },
  };
}

/** Of each recorded query, in their order, whether the first stage's answer is the last one's; one without any goes on to the last. */
export function firstStageAgrees(set: RecordedSet, { chain, answer }: Policy): boolean[] {
  const answerOf = (stage: number, id: string): string | null => {
    const response = set.responses.get(chain[stage]?.model ?? '')?.get(id);
    return response === undefined ? null : extractAnswer(response.text, answer, stage);
  };
  return set.queries.map(({ id }) => {
    const first = answerOf(0, id);
    return first === null || agrees(first, answerOf(chain.length - 1, id), answer) !== false;
  });
}

/** The share of queries whose answer may differ from the last stage's: as many as do, and some room, in whole points. */
function promised(agreeing: readonly boolean[]): number {
  const loss = 1 - agreeing.filter(Boolean).length / agreeing.length;
  return Math.ceil(100 * loss + ROOM) / 100;
}
