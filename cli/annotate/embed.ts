import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { reactionTo } from '../../core/failure.ts';
import type { PolicyModel } from '../../core/policy.ts';
import { costOf, priceAt, type Price } from '../../core/price.ts';
import { displaySpend, exactly, sumSpend, type Spend } from '../../core/spend.ts';
import type { ModelOutcome, Provider } from '../../providers/provider.ts';
import type { RecordedEmbedding } from '../../recorded/format.ts';
import type { RecordedSet } from '../../recorded/read.ts';
import type { EvidenceWriter } from '../../recorded/write-evidence.ts';
import { embeddedQuery, embeddedText } from '../../scorers/learned/evidence.ts';
import type { Settings } from '../../settings/load.ts';
import { connectProvider } from '../../worker/ports.ts';
import type { Annotated, AnnotateOptions } from '../commands/annotate.ts';
import { atOnce } from '../at-once.ts';
import { costAhead } from '../consent.ts';
import type { Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { progress } from '../output.ts';

/** A text of a set that is embedded; without a model the query's own. */
interface Text {
  readonly id: string;
  readonly model?: string;
  readonly text: string;
}

/** Every query and every response, as a learned scorer has them embedded in service. */
export function textsOf({ queries, responses }: RecordedSet): Text[] {
  return [
    ...queries.flatMap(({ id, messages }): Text[] => {
      const text = embeddedQuery(messages);
      return text === null ? [] : [{ id, text }];
    }),
    ...[...responses].flatMap(([model, own]) =>
      queries.flatMap(({ id }): Text[] => {
        const text = embeddedText(own.get(id)?.text ?? '');
        return text.trim() === '' ? [] : [{ id, model, text }];
      }),
    ),
  ];
}

export function embeddingCost(texts: readonly Text[], prices: readonly Price[] | null): Spend {
  return sumSpend(texts.map(({ text }) => costAhead([{ role: 'user', content: text }], {}, 0, prices)));
}

/**
 * One request a text, from this process: a request for embeddings is no cascade, so none of this is in the ledger. What each cost
 * is in its line; a process that is killed loses the lines of the requests that it had under way.
 */
export async function embedAll(
  context: Context,
  { concurrency }: AnnotateOptions,
  settings: Settings,
  embedder: PolicyModel,
  texts: readonly Text[],
  writer: EvidenceWriter<RecordedEmbedding>,
): Promise<Annotated> {
  const provider = providerOf(context, settings, embedder);
  const prices = settings.models.get(embedder.model)?.book ?? [];
  const queue = texts.values();
  const bar = progress(context, texts.length, 'Embeddings');
  const spent: Spend[] = [];
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  let written = 0;
  let failed = 0;
  const work = async (): Promise<void> => {
    for (const { id, model, text } of queue) {
      const outcome = await embedded(provider, embedder, text, signal);
      if (outcome.type === 'cancelled') return;
      const why = outcome.type === 'failed' ? outcome.message : problemOf(outcome);
      if (outcome.type === 'failed' && reactionTo(outcome.kind) === 'abort')
        throw new CliError(outcome.message, EXIT.failure);
      const usage = outcome.usage;
      if (why !== null || outcome.type !== 'answered' || usage === null) {
        failed++;
        context.say(`${id}${model === undefined ? '' : `, ${model}`}: ${why ?? 'no usage'}`);
      } else {
        const [vector = ''] = outcome.response.message['vectors'] as readonly string[];
        await writer.add({
          ...{ id, ...(model === undefined ? {} : { model }), vector, input_tokens: usage.inputTokens },
        });
        written++;
        const price = priceAt(prices, new Date());
        spent.push(price === null ? { low: 0n, high: null } : exactly(costOf(usage, price.rates)));
      }
      bar.update(written + failed, displaySpend(sumSpend(spent)));
    }
  };
  try {
    await atOnce(concurrency, stop, work);
  } finally {
    bar.stop();
  }
  return { written, failed };
}

function problemOf({ usage }: ModelOutcome): string | null {
  return usage === null ? 'the embedder sent no usage, so nobody knows what it cost' : null;
}

const FIRST_WAIT_MS = 1_000;

/** Tried again as often as the model's `max_attempts` says, where another try may go well. */
async function embedded(
  provider: Provider,
  { modelId, parameters, timeoutMs, maxAttempts }: PolicyModel,
  text: string,
  signal: AbortSignal,
): Promise<ModelOutcome> {
  for (let number = 1; ; number++) {
    const outcome = await provider.request(
      {
        ...{ modelId, parameters, timeoutMs, stream: false, endpoint: 'embeddings' },
        messages: [{ role: 'user', content: text }],
        attemptId: randomUUID(),
      },
      signal,
    );
    if (outcome.type !== 'failed' || reactionTo(outcome.kind) !== 'retry' || number >= maxAttempts)
      return outcome;
    const waitMs = outcome.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (number - 1);
    await sleep(waitMs, undefined, { signal }).catch(() => undefined);
  }
}

function providerOf({ env }: Context, { providers }: Settings, { provider: name }: PolicyModel): Provider {
  const settings = providers.get(name);
  if (settings === undefined) throw new CliError(`there is no provider "${name}"`, EXIT.usage);
  const { provider, problem } = connectProvider(settings, env);
  if (problem !== null) throw new CliError(problem, EXIT.usage);
  return provider;
}
