import { SingleBar } from 'cli-progress';
import Table from 'cli-table3';
import type { Context } from './context.ts';

/** Rows under a heading, in plain characters that survive a log file. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const drawn = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    chars: PLAIN,
  });
  for (const row of rows) drawn.push([...row]);
  return drawn.toString();
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' ',
};

export function percent(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(1)}%` : '–';
}

export interface Progress {
  update(done: number, note: string): void;
  stop(): void;
}

/** A bar where somebody is watching, else a line now and then. */
export function progress(context: Context, total: number, what: string): Progress {
  if (context.interactive) {
    const bar = new SingleBar({
      format: `${what} {bar} {value}/{total} {note}`,
      hideCursor: true,
      stream: process.stderr,
    });
    bar.start(total, 0, { note: '' });
    return {
      update: (done, note) => {
        bar.update(done, { note });
      },
      stop: () => {
        bar.stop();
      },
    };
  }
  const every = Math.max(1, Math.ceil(total / 5));
  let told = 0;
  return {
    update(done, note) {
      if (done - told < every && done !== total) return;
      told = done;
      context.say(`${what} ${done}/${total} ${note}`);
    },
    stop: () => undefined,
  };
}
