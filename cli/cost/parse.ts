import type { PlannedStage } from '../../core/cost-plan.ts';
import { priceAt, type Rates } from '../../core/price.ts';
import { CATALOGUE, isProviderKind } from '../../providers/catalogue.ts';
import { catalogueBook } from '../../providers/price-book.ts';
import { overrideBook } from '../../providers/price-override.ts';

type Models = ReadonlyMap<string, Rates>;

/** `name=input/output` or `name=input/output/cached`, in USD per million tokens. @throws {RangeError} for anything else. */
export function parseModels(texts: readonly string[]): Models {
  return new Map(
    texts.map((text) => {
      const [, name, input, output, cached] = /^([^=]+)=([\d.]+)\/([\d.]+)(?:\/([\d.]+))?$/.exec(text) ?? [];
      if (name === undefined || input === undefined || output === undefined) {
        throw new RangeError(
          `--model ${text}: expected name=input/output in USD per million tokens, such as haiku=1/5`,
        );
      }
      const [price] = overrideBook(
        { input_usd_per_mtok: input, output_usd_per_mtok: output, cached_input_usd_per_mtok: cached },
        '--model',
      );
      if (price === undefined) throw new RangeError(`--model ${text}: holds no price`);
      return [name, price.rates];
    }),
  );
}

/** `name@acceptance,…,name`: the last one has none. @throws {RangeError} that says which part is wrong. */
export function parseChain(text: string, models: Models): PlannedStage[] {
  const parts = text.split(',').map((part) => part.trim());
  return parts.map((part, index) => {
    const [name = '', rate] = part.split('@');
    const last = index === parts.length - 1;
    if (!last && rate === undefined) {
      throw new RangeError(`--chain ${part}: expected the share that stops there, such as ${name}@0.7`);
    }
    return { model: name, rates: ratesOf(name, models), acceptance: last ? 1 : Number(rate) };
  });
}

/** `name:share,…`. @throws {RangeError} that says which part is wrong. */
export function parseSplit(text: string, models: Models): { rates: Rates; share: number }[] {
  return text.split(',').map((part) => {
    const [, name, share] = /^(.+):([\d.]+)$/.exec(part.trim()) ?? [];
    if (name === undefined || share === undefined) {
      throw new RangeError(`--split ${part}: expected a model and its share, such as haiku:0.4`);
    }
    return { rates: ratesOf(name, models), share: Number(share) };
  });
}

/** A model of --model, or `vendor/id` at the catalogue's price of today. */
function ratesOf(name: string, models: Models): Rates {
  const own = models.get(name);
  if (own !== undefined) return own;
  const [vendor = '', ...id] = name.split('/');
  const provider = isProviderKind(vendor) ? CATALOGUE[vendor].priceProvider : null;
  const book = provider === null ? null : catalogueBook(provider, id.join('/'));
  const price = book && priceAt(book, new Date());
  if (!price) {
    throw new RangeError(
      `"${name}": no price is known: add --model ${name}=input/output, or name it vendor/id as in openai/gpt-5-nano`,
    );
  }
  return price.rates;
}
