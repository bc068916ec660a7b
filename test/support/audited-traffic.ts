import type pg from 'pg';
import { createAuditLedger } from '../../ledger/audits.ts';
import { keepPrices } from '../../ledger/prices.ts';
import { labelAttempt } from '../../ledger/labels.ts';
import { NO_USAGE } from '../../core/usage.ts';
import { inParallel } from '../../activities/in-parallel.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import { attempted, ended, servedBy, started } from './ledger.ts';
import { priceOf } from './policies.ts';

/** Whose word there is on the answers of traffic that was made up. */
export interface MadeTraffic {
  readonly task: string;
  /** `nobody` leaves it to the last stage's answer. */
  readonly labels: 'reference' | 'nobody';
  /** How many of the set's queries. Default: all. */
  readonly queries?: number;
}

/**
 * A set's queries as a task's traffic: each was answered by the first model, and audited with all the others. The task's audits
 * must be of all queries.
 */
export async function auditedTraffic(
  pool: pg.Pool,
  set: RecordedSet,
  { task, labels, queries = set.queries.length }: MadeTraffic,
): Promise<void> {
  const models = Object.keys(set.models);
  const prices = models.map((model) => {
    const { input_usd_per_mtok: input, output_usd_per_mtok: output } = set.models[model]!;
    return priceOf(String(input), String(output));
  });
  for (const [at, price] of prices.entries())
    await keepPrices(pool, { provider: 'vendor', modelId: `${models[at]!}-1` }, [price]);
  const audits = createAuditLedger(pool);
  await inParallel(set.queries.slice(0, queries), 8, async ({ id, messages }) => {
    const query = await started(pool, task, { request: { task, messages } });
    const buy = (stage: number): Promise<string> => {
      const { text, input_tokens, output_tokens } = set.responses.get(models[stage]!)!.get(id)!;
      const message = { role: 'assistant', content: text };
      return attempted(
        pool,
        query,
        {
          ...{
            task,
            stage,
            model: models[stage]!,
            modelId: `${models[stage]!}-1`,
            priceId: prices[stage]!.id,
          },
          purpose: stage === 0 ? 'serve' : 'audit',
        },
        {
          usage: { ...NO_USAGE, inputTokens: input_tokens, outputTokens: output_tokens },
          response: { text, kept: { message, finishReason: 'stop', logprobs: null } },
        },
      );
    };
    const bought = [await buy(0)];
    await ended(pool, query, servedBy(bought[0]!), { verdicts: { [bought[0]!]: 'accepted' } });
    await audits.beginAudit(query);
    for (let stage = 1; stage < models.length; stage++) bought.push(await buy(stage));
    const answers = models.map((model) => answerIn(set.responses.get(model)!.get(id)!.text));
    const agreements = bought.map((attemptId, stage) => ({
      attemptId,
      agrees: answers.at(-1) === null ? null : answers[stage] === answers.at(-1),
    }));
    await audits.endAudit({
      ...query,
      ...{ retention: 'full', baselineAttemptId: bought.at(-1)!, message: null, agreements },
      servedAgrees: agreements[0]!.agrees,
    });
    if (labels === 'nobody') return;
    for (const [stage, attemptId] of bought.entries()) {
      const correct = set.responses.get(models[stage]!)!.get(id)!.correct === 1;
      await labelAttempt(pool, { ...query, attemptId, correct, source: 'reference' });
    }
  });
}

/** What a made-up response answers. */
function answerIn(text: string): number | null {
  return Number(/"answer":(\d+)/.exec(text)?.[1] ?? Number.NaN) || null;
}
