import { fileWriter, ParquetWriter } from 'hyparquet-writer';
import { parseUsd } from '../../core/money.ts';
import type { ExportColumn, ExportType } from './tables.ts';

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];
type Value = string | number | bigint | boolean | Uint8Array | null;

/** A row group is what is held in memory. More rows compress better and are skipped more coarsely. */
const ROW_GROUP = 20_000;

export interface ParquetSink {
  row(values: readonly (string | null)[]): void;
  finish(): void;
}

/** Writes rows of texts, as Postgres gives them, with exact types: money is DECIMAL(24, 12), an instant has microseconds. */
export function parquetSink(file: string, columns: readonly ExportColumn[]): ParquetSink {
  const schema: Schema = [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type }) => ({ name, repetition_type: 'OPTIONAL' as const, ...ELEMENTS[type] })),
  ];
  const writer = new ParquetWriter({ writer: fileWriter(file), schema, createdBy: 'escalier' });
  let data: Value[][] = columns.map(() => []);
  let rows = 0;
  const flush = (): void => {
    void writer.write({
      columnData: columns.map(({ name }, at) => ({ name, data: data[at] ?? [] })),
      rowGroupSize: ROW_GROUP,
    });
    data = columns.map(() => []);
    rows = 0;
  };
  return {
    row(values) {
      for (const [at, { type }] of columns.entries()) {
        const text = values[at] ?? null;
        data[at]?.push(text === null ? null : VALUES[type](text));
      }
      if (++rows === ROW_GROUP) flush();
    },
    finish() {
      if (rows > 0) flush();
      void writer.finish();
    },
  };
}

/** 11 bytes hold 24 decimal digits and a sign. */
const DECIMAL_BYTES = 11;
const STRING = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;

const ELEMENTS: Readonly<Record<ExportType, Omit<Schema[number], 'name'>>> = {
  text: STRING,
  uuid: STRING,
  json: STRING,
  integer: { type: 'INT32' },
  bigint: { type: 'INT64' },
  double: { type: 'DOUBLE' },
  boolean: { type: 'BOOLEAN' },
  usd: {
    type: 'FIXED_LEN_BYTE_ARRAY',
    type_length: DECIMAL_BYTES,
    converted_type: 'DECIMAL',
    precision: 24,
    scale: 12,
  },
  timestamp: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MICROS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
  },
};

const same = (text: string): string => text;

const VALUES: Readonly<Record<ExportType, (text: string) => Value>> = {
  text: same,
  uuid: same,
  json: same,
  integer: Number,
  bigint: BigInt,
  double: Number,
  boolean: (text) => text === 't',
  usd: parseUsd,
  timestamp: microseconds,
};

/** Of `2026-11-03T10:00:00.123456Z`: a Date alone would lose the last three digits. */
function microseconds(text: string): bigint {
  return BigInt(Date.parse(`${text.slice(0, 19)}Z`)) * 1000n + BigInt(text.slice(20, 26));
}
