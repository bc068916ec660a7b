import type { Policy, PolicyModel } from '../../core/policy.ts';
import { pricesOf } from '../../core/price-row.ts';
import type { Price } from '../../core/price.ts';
import { displaySpend, sumSpend, type Spend } from '../../core/spend.ts';
import { applyPolicies } from '../../ledger/policies.ts';
import { catalogueBook } from '../../providers/price-book.ts';
import { createRecordedSetWriter } from '../../recorded/write.ts';
import type { Settings } from '../../settings/load.ts';
import { withClient } from '../client.ts';
import { costAhead, requireConsent } from '../consent.ts';
import type { Context } from '../context.ts';
import { withDatabase } from '../database.ts';
import { CliError, EXIT } from '../exit.ts';
import { readBatch, type BatchLine } from '../jsonl.ts';
import { progress } from '../output.ts';
import { recordedModels, responseOf } from '../record/rows.ts';
import { runBatch, type BatchItem } from '../run-batch.ts';
import { readSettings, type SettingsOptions } from '../settings-option.ts';

export interface RecordOptions extends SettingsOptions {
  readonly task: string;
  readonly out: string;
  readonly yes: boolean;
  readonly concurrency: number;
}

interface Item extends BatchItem {
  readonly line: BatchLine;
  readonly model: PolicyModel;
}

/**
 * Calls every model of a task's chain on every query, and writes a recorded set. Each call is a cascade of one stage under
 * a task of its own (`<task>/record/<model>`), so that recording is durable, billed in the ledger, and goes on where it
 * stopped: what is in the folder, or was paid for before, is not bought again.
 */
export async function recordCommand(context: Context, file: string, options: RecordOptions): Promise<void> {
  const { settings } = await readSettings(options);
  const policy = settings.policies.find(({ task }) => task === options.task);
  if (policy === undefined) {
    const known = settings.policies.map(({ task }) => task).join(', ');
    throw new CliError(`${options.settings} has no task "${options.task}" (there are: ${known})`, EXIT.usage);
  }
  const lines = await readBatch(file);
  const writer = await createRecordedSetWriter(options.out);
  try {
    const items = itemsOf(policy, lines).filter(
      ({ line, model }) => !writer.hasResponse(model.model, line.id),
    );
    if (items.length === 0) {
      context.say(`${options.out} holds every response already.`);
      if (context.json) context.out(JSON.stringify({ out: options.out, responses: 0, failed: 0 }));
      return;
    }
    await requireConsent(context, options, forecast(settings, items), items.length);
    await withDatabase(context, (pool) =>
      applyPolicies(
        pool,
        policy.chain.map((model) => recordPolicy(policy, model)),
      ),
    );
    for (const line of lines) await writer.addQuery(queryOf(line, policy.task));
    await writer.writeModels(recordedModels(policy.chain, (model) => recordPrices(settings, model)));
    let failed = 0;
    await withClient(context, async (client) => {
      const bar = progress(context, items.length, 'Responses');
      try {
        await runBatch(client, items, {
          concurrency: options.concurrency,
          signal: context.signal,
          async onResult({ item, answer, error }, spent, done) {
            if (answer === undefined) {
              failed++;
              context.say(`${item.line.id}, ${item.model.model}: ${error.code}: ${error.message}`);
            } else await writer.addResponse(responseOf(item.line, item.model.model, answer, policy.answer));
            bar.update(done, displaySpend(spent));
          },
        });
      } finally {
        bar.stop();
      }
    });
    finish(context, options, items.length, failed);
  } finally {
    await writer.close();
  }
}

function finish(context: Context, options: RecordOptions, asked: number, failed: number): void {
  if (context.signal.aborted) {
    throw new CliError('Interrupted. Run the same command again to continue.', EXIT.interrupted);
  }
  if (context.json) context.out(JSON.stringify({ out: options.out, responses: asked - failed, failed }));
  else context.out(`${asked - failed} responses written to ${options.out}`);
  if (failed > 0)
    throw new CliError(`${failed} responses are missing: run the same command again`, EXIT.partial);
}

function itemsOf(policy: Policy, lines: readonly BatchLine[]): Item[] {
  return policy.chain.flatMap((model) =>
    lines.map((line) => ({
      line,
      model,
      key: `record/${policy.task}/${model.model}/${line.id}`,
      request: {
        task: recordTask(policy, model),
        messages: line.messages,
        ...(line.parameters === undefined ? {} : { parameters: line.parameters }),
      },
    })),
  );
}

function recordTask(policy: Policy, model: PolicyModel): string {
  return `${policy.task}/record/${model.model}`;
}

/** One stage whose answer is always served: nothing is scored away. */
function recordPolicy(policy: Policy, model: PolicyModel): Policy {
  return {
    ...policy,
    task: recordTask(policy, model),
    chain: [model],
    thresholds: [1],
    scorer: {
      name: 'constant',
      options: { confidence: 0 },
      models: [],
      remote: false,
      scoresLastStage: false,
    },
    answer: { from: 'open' },
    retention: 'full',
  };
}

function queryOf(line: BatchLine, task: string) {
  return {
    id: line.id,
    task,
    messages: line.messages,
    ...(line.reference === undefined ? {} : { reference: line.reference }),
  };
}

/** From the input alone to every response as long as its limit. */
function forecast(settings: Settings, items: readonly Item[]): Spend {
  return sumSpend(
    items.map(({ line: { messages, parameters = {} }, model }) =>
      costAhead(messages, parameters, model.maxOutputTokens, recordPrices(settings, model)),
    ),
  );
}

function recordPrices(settings: Settings, model: PolicyModel): readonly Price[] | null {
  const vendor = settings.providers.get(model.provider)?.priceProvider ?? null;
  return pricesOf(model, (modelId) => (vendor === null ? null : catalogueBook(vendor, modelId)));
}
