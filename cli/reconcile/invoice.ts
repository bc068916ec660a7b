import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';
import { numberToDecimal, parseUsd, type Picodollars } from '../../core/money.ts';
import { CliError, EXIT } from '../exit.ts';

/** What an invoice can say of a line, each with the headers that are taken for it, in lower case with `_` for what is no letter. */
const HEADERS = {
  day: ['date', 'day', 'usage_date', 'usage_date_utc', 'timestamp', 'start_time', 'starting_at'],
  model: ['model', 'model_id', 'model_name', 'model_version'],
  amount: ['amount', 'amount_usd', 'cost', 'cost_usd', 'amount_value'],
  inputTokens: ['input_tokens', 'prompt_tokens'],
  cachedInputTokens: ['cached_input_tokens', 'input_cached_tokens', 'cached_tokens'],
  outputTokens: ['output_tokens', 'completion_tokens'],
  requests: ['requests', 'num_requests', 'num_model_requests', 'request_count'],
  requestId: ['request_id', 'response_id', 'id', 'attempt_id'],
} as const;
const REQUIRED = ['day', 'model', 'amount'] as const;

export type Field = keyof typeof HEADERS;

export interface InvoiceLine {
  /** In the file, from 1. */
  readonly line: number;
  /** UTC, `2026-11-03`. */
  readonly day: string;
  readonly model: string;
  readonly amount: Picodollars;
  readonly inputTokens: number | null;
  readonly cachedInputTokens: number | null;
  readonly outputTokens: number | null;
  readonly requests: number | null;
  readonly requestId: string | null;
}

export interface InvoiceOptions {
  /** `day=Usage Date`: columns whose header is none that is known. */
  readonly map: readonly string[];
  readonly amountUnit: 'usd' | 'cents';
}

/** @throws {CliError} naming line and column of every cell that cannot be read (the first twenty). */
export async function readInvoice(file: string, options: InvoiceOptions): Promise<InvoiceLine[]> {
  const lines: InvoiceLine[] = [];
  const problems: string[] = [];
  let columns: Map<Field, { index: number; header: string }> | null = null;
  try {
    for await (const { record, info } of recordsOf(file)) {
      if (columns === null) {
        columns = columnsOf(file, record, options.map);
        continue;
      }
      const found = columns;
      const cell = <T>(field: Field, read: (text: string) => T): T | null => {
        const column = found.get(field);
        const text = column === undefined ? '' : (record[column.index] ?? '').trim();
        if (column === undefined || (text === '' && !isRequired(field))) return null;
        try {
          return read(text);
        } catch (error) {
          const why = error instanceof Error ? error.message : String(error);
          problems.push(`${file}:${info.lines}: column "${column.header}": ${why}`);
          return null;
        }
      };
      lines.push({
        line: info.lines,
        day: cell('day', dayOf) ?? '',
        model: cell('model', nameOf) ?? '',
        amount: cell('amount', (text) => amountOf(text, options.amountUnit)) ?? 0n,
        inputTokens: cell('inputTokens', wholeOf),
        cachedInputTokens: cell('cachedInputTokens', wholeOf),
        outputTokens: cell('outputTokens', wholeOf),
        requests: cell('requests', wholeOf),
        requestId: cell('requestId', (text) => text),
      });
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      `${file} cannot be read as CSV: ${error instanceof Error ? error.message : String(error)}`,
      EXIT.usage,
      error,
    );
  }
  if (problems.length > 0) throw new CliError(problems.slice(0, 20).join('\n'), EXIT.usage);
  if (lines.length === 0) throw new CliError(`${file}: holds no line under its header`, EXIT.usage);
  return lines;
}

interface CsvRecord {
  readonly record: string[];
  readonly info: { readonly lines: number };
}

function recordsOf(file: string): AsyncIterable<CsvRecord> {
  const parser = parse({ bom: true, info: true, skip_empty_lines: true });
  const input = createReadStream(file);
  input.on('error', (error) => parser.destroy(error));
  return input.pipe(parser) as AsyncIterable<CsvRecord>;
}

function columnsOf(
  file: string,
  headers: readonly string[],
  map: readonly string[],
): Map<Field, { index: number; header: string }> {
  const columns = new Map<Field, { index: number; header: string }>();
  const names = headers.map((header) => header.trim());
  for (const [field, known] of Object.entries(HEADERS) as [Field, readonly string[]][]) {
    const index = names.findIndex((name) => known.includes(name.toLowerCase().replace(/[^a-z0-9]+/g, '_')));
    if (index >= 0) columns.set(field, { index, header: names[index] ?? '' });
  }
  for (const pair of map) {
    const [field, header] = splitOnce(pair, '=');
    const index = names.indexOf(header);
    if (!(field in HEADERS) || index < 0) {
      throw new CliError(
        `--map ${pair}: expected one of ${Object.keys(HEADERS).join(', ')}, an equals sign and one of the file's headers (${names.join(', ')})`,
        EXIT.usage,
      );
    }
    columns.set(field as Field, { index, header });
  }
  const missing = REQUIRED.filter((field) => !columns.has(field));
  if (missing.length > 0) {
    throw new CliError(
      `${file}:1: has no column for ${missing.join(', ')} among ${names.join(', ')}: name it with --map ${missing[0] ?? ''}=HEADER`,
      EXIT.usage,
    );
  }
  return columns;
}

function isRequired(field: Field): boolean {
  return (REQUIRED as readonly Field[]).includes(field);
}

function splitOnce(text: string, by: string): [string, string] {
  const at = text.indexOf(by);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + by.length)];
}

/** A date, an instant (UTC where it names no zone), or Unix seconds, as OpenAI's usage API has them. */
function dayOf(text: string): string {
  const seconds = /^\d{10}$/.test(text);
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) || text.length <= 10;
  const iso = /^\d{4}-\d{2}-\d{2}([T ]|$)/.test(text);
  const at = seconds
    ? new Date(Number(text) * 1000)
    : new Date(iso ? `${text.replace(' ', 'T')}${zoned ? '' : 'Z'}` : NaN);
  // An impossible day, such as 30 February, is moved on by some engines.
  const moved =
    iso && text.length === 10 && !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) !== text;
  if (Number.isNaN(at.getTime()) || moved) {
    throw new Error(`"${text}" is no day: expected 2026-11-03, an ISO 8601 instant or Unix seconds`);
  }
  return at.toISOString().slice(0, 10);
}

function nameOf(text: string): string {
  if (text === '') throw new Error('is empty: expected a model id');
  return text;
}

function wholeOf(text: string): number {
  const value = Number(text.replace(/,(?=\d{3}(\D|$))/g, ''));
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`"${text}" is no whole number`);
  return value;
}

/** To a picodollar; finer digits, the noise of a sum in floating point, are rounded. */
function amountOf(text: string, unit: InvoiceOptions['amountUnit']): Picodollars {
  const plain = text.replace(/^(-?)\$/, '$1').replace(/,(?=\d{3}(\D|$))/g, '');
  if (!/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) {
    throw new Error(`"${text}" is no amount: expected dollars such as 12.34`);
  }
  const exact = /^-?\d+(\.\d{1,12})?$/.test(plain);
  const amount = parseUsd(exact ? plain : numberToDecimal(Number(plain)));
  return unit === 'cents' ? amount / 100n : amount;
}
