import { describe, expect, test } from 'vitest';
import { createContext, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { planCostCommand, type PlanCostOptions } from './plan-cost.ts';

const OPTIONS: PlanCostOptions = {
  requests: 10_000_000,
  input: 750,
  output: 250,
  chain: 'deepseek@0.7,sonnet',
  model: ['deepseek=0.28/0.42', 'haiku=1/5', 'sonnet=3/15'],
  scorerUsd: '0',
  cached: 0,
  retries: 0,
  length: 1,
};

async function planned(json: boolean, options: Partial<PlanCostOptions> = {}): Promise<string> {
  const said: string[] = [];
  const context: Context = {
    ...createContext({}, json, new AbortController().signal),
    out: (text) => void said.push(text),
  };
  await planCostCommand(context, { ...OPTIONS, ...options });
  return said.join('\n');
}

describe('plan-cost', () => {
  test('as JSON', async () => {
    const split = 'deepseek:0.5,haiku:0.4,sonnet:0.1';
    expect(JSON.parse(await planned(true, { split }))).toMatchObject({
      assumptions: { requests: 10_000_000, input_tokens: 750, output_tokens: 250, scorer_usd: '0' },
      total_usd: '21150',
      paid_twice_usd: '945',
      blended_usd_per_mtok: '2.115',
      stages: [
        { model: 'deepseek', reached: 1, cost_usd: '3150', scoring_usd: '0' },
        { model: 'sonnet', reached: 0.3, cost_usd: '18000', scoring_usd: '0' },
      ],
      break_even_acceptance: [{ model: 'deepseek', rate: 0.0525 }],
      comparisons: [
        { what: 'all deepseek', total_usd: '3150' },
        { what: 'all sonnet', total_usd: '60000' },
        { what: `split ${split}`, total_usd: '15575' },
      ],
      sensitivity: [
        {
          assumption: 'deepseek accepts',
          less: { what: '60%', total_usd: '27150' },
          more: { what: '80%', total_usd: '15150' },
        },
        { assumption: 'input tokens' },
        { assumption: 'output tokens' },
        { assumption: 'length of escalated queries' },
        { assumption: 'retries', less: null },
      ],
    });
  });

  test('as text: a cascade straight to the dear model can cost more than a split, whose assumption is told', async () => {
    const text = await planned(false, { split: 'deepseek:0.5,haiku:0.4,sonnet:0.1' });
    expect(text).toMatch(/split .*\$15575\.00 \(the cascade costs \$5575\.00 more\)/);
    expect(text).toContain('assumes a router that is never wrong');
    expect(text).toMatch(/deepseek +100\.0% +70\.0% +5\.25%/);
    expect(text).toMatch(/deepseek accepts +60% +\$27150\.00 +\+28\.4% +80% +\$15150\.00 +−28\.4%/);
  });

  test('a model of the catalogue needs no price', async () => {
    const text = await planned(false, { chain: 'openai/gpt-5-nano@0.6,openai/gpt-5', model: [] });
    expect(text).toContain('all openai/gpt-5');
  });

  test.each([
    [{ chain: undefined, input: undefined }, /--input, --chain: missing; give them, or --from-ledger/],
    [{ chain: 'nobody@0.5,sonnet' }, /"nobody": no price is known: add --model nobody=/],
    [{ chain: 'deepseek,sonnet' }, /--chain deepseek: expected the share that stops there/],
    [{ chain: 'deepseek@1.2,sonnet' }, /the acceptance of deepseek is 1\.2: expected a share from 0 to 1/],
    [{ model: ['haiku=cheap'] }, /--model haiku=cheap: expected name=input\/output/],
    [{ split: 'deepseek:0.5' }, /add up to 0\.5, not to 1/],
    [{ split: 'deepseek' }, /--split deepseek: expected a model and its share/],
    [{ scorerUsd: 'free' }, /"free" is not a decimal amount/],
    [{ cached: 2 }, /cachedShare is 2/],
  ])('%j is one line that says what is wrong', async (options, message) => {
    const error: unknown = await planned(false, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).exitCode).toBe(EXIT.usage);
    expect((error as CliError).message).toMatch(message);
    expect((error as CliError).message).not.toContain('\n');
  });
});
