import { parseArgs } from 'node:util';
import { VARIANTS, type VariantName } from './variants.ts';

export const SECTIONS = [
  'latency',
  'throughput',
  'events',
  'commits',
  'memory',
  'waiting',
  'ledger-scale',
  'cold-start',
] as const;
export type Section = (typeof SECTIONS)[number];

export interface BenchOptions {
  readonly sections: readonly Section[];
  readonly variants: readonly VariantName[];
  /**
   * Cascades of each variant before anything is measured. V8 compiles in the background for some 2,000 of them, at first for a
   * quarter of a worker's CPU time.
   */
  readonly warmUp: number;
  readonly rounds: number;
  /** Cascades of a variant, one at a time, in each round. */
  readonly serial: number;
  /** Seconds of a variant under load, in each round. */
  readonly seconds: number;
  readonly atOnce: number;
  /** Cascades of the section `memory`. */
  readonly cascades: number;
  /** Cascades of the section `waiting`. */
  readonly waiting: number;
  /** How long its models take, at each stage. */
  readonly waitSeconds: number;
  /** Where the JSON goes. */
  readonly out: string;
}

/** These take minutes each, so they have to be asked for. */
const ASKED_FOR: readonly Section[] = ['memory', 'waiting'];

const HELP = `npm run bench -- [options]
  --only a,b       sections: ${SECTIONS.join(', ')}; default: all but ${ASKED_FOR.join(', ')}
  --variants a,b   of ${VARIANTS.join(', ')}; default: all
  --no-peers       without litellm, portkey and dbos, which are installed when they are first run
  --warm-up n      cascades of each variant before latency and throughput; default 2000
  --rounds n       rounds, in which the variants take turns; default 5
  --serial n       cascades one at a time, a round; default 40
  --seconds n      seconds under load, a round; default 8
  --at-once n      cascades at a time under load; default 50
  --cascades n     of the section memory; default 10000
  --waiting n      of the section waiting; default 2000
  --wait-seconds n that its models take, at most 100; default 30
  --quick          one round of everything that is short, in about a minute
  --out file       for the results as JSON; default bench.json`;

const flags = {
  only: { type: 'string' },
  variants: { type: 'string' },
  'no-peers': { type: 'boolean', default: false },
  'warm-up': { type: 'string' },
  rounds: { type: 'string' },
  serial: { type: 'string' },
  seconds: { type: 'string' },
  'at-once': { type: 'string', default: '50' },
  cascades: { type: 'string', default: '10000' },
  waiting: { type: 'string', default: '2000' },
  'wait-seconds': { type: 'string', default: '30' },
  quick: { type: 'boolean', default: false },
  out: { type: 'string', default: 'bench.json' },
  help: { type: 'boolean', default: false },
} as const;

/** @returns null where help was asked for, which is printed. @throws {RangeError} that names the flag. */
export function parseOptions(args: string[]): BenchOptions | null {
  const { values } = parseArgs({ args, options: flags });
  if (values.help) {
    console.log(HELP);
    return null;
  }
  const quick = values.quick;
  const whole = (flag: string, text: string): number => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`--${flag} ${text}: expected a whole number, at least 1`);
    }
    return value;
  };
  const peers: readonly string[] = ['litellm', 'portkey', 'dbos'];
  const variants = chosen('variants', values.variants, VARIANTS, VARIANTS);
  return {
    sections: chosen(
      'only',
      values.only,
      SECTIONS,
      SECTIONS.filter((name) => !ASKED_FOR.includes(name)),
    ),
    variants: values['no-peers'] ? variants.filter((name) => !peers.includes(name)) : variants,
    warmUp: whole('warm-up', values['warm-up'] ?? (quick ? '2' : '2000')),
    rounds: whole('rounds', values.rounds ?? (quick ? '1' : '5')),
    serial: whole('serial', values.serial ?? (quick ? '6' : '40')),
    seconds: whole('seconds', values.seconds ?? (quick ? '2' : '8')),
    atOnce: whole('at-once', values['at-once']),
    cascades: whole('cascades', values.cascades),
    waiting: whole('waiting', values.waiting),
    waitSeconds: Math.min(100, whole('wait-seconds', values['wait-seconds'])),
    out: values.out,
  };
}

function chosen<Name extends string>(
  flag: string,
  text: string | undefined,
  all: readonly Name[],
  usual: readonly Name[],
): readonly Name[] {
  if (text === undefined) return usual;
  const names = text.split(',').map((name) => name.trim());
  for (const name of names) {
    if (!all.some((known) => known === name)) {
      throw new RangeError(`--${flag} ${name}: expected some of ${all.join(', ')}`);
    }
  }
  return all.filter((name) => names.includes(name));
}
