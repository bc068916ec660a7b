import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { cascadeRequestSchema } from '../core/request.ts';
import { CliError, EXIT } from './exit.ts';

/** A line of a batch's input: a recorded set's queries are one, and so is any request with an id. */
const lineSchema = cascadeRequestSchema
  .partial({ task: true })
  .extend({ id: z.string().min(1).max(200), reference: z.string().optional() })
  .loose();

export type BatchLine = z.infer<typeof lineSchema>;

/** @throws {CliError} with every broken line at once (the first twenty), before anything is spent. */
export async function readBatch(file: string): Promise<BatchLine[]> {
  const lines: BatchLine[] = [];
  const problems: string[] = [];
  const seen = new Set<string>();
  let number = 0;
  for await (const text of linesOf(file)) {
    number++;
    if (text.trim() === '') continue;
    const where = `${file}:${number}`;
    const value = parseLine(text);
    const parsed = value === undefined ? undefined : lineSchema.safeParse(value);
    if (parsed === undefined) problems.push(`${where}: is not JSON`);
    else if (!parsed.success) {
      problems.push(
        ...parsed.error.issues.map(
          (issue) => `${where}: ${issue.path.join('.') || 'the line'}: ${issue.message}`,
        ),
      );
    } else if (seen.has(parsed.data.id))
      problems.push(`${where}: the id "${parsed.data.id}" was used before`);
    else {
      seen.add(parsed.data.id);
      lines.push(parsed.data);
    }
  }
  if (problems.length > 0) throw new CliError(shortened(problems), EXIT.usage);
  if (lines.length === 0) throw new CliError(`${file}: holds no query`, EXIT.usage);
  return lines;
}

export function shortened(problems: readonly string[]): string {
  const MOST = 20;
  const rest = problems.length - MOST;
  return [...problems.slice(0, MOST), ...(rest > 0 ? [`… and ${rest} more`] : [])].join('\n');
}

/** Undefined where a line is not JSON. */
export function parseLine(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // Told with its line number by the caller.
    return undefined;
  }
}

/** Lines of a file, which may be compressed. @throws {CliError} where it cannot be read. */
export async function* linesOf(file: string): AsyncGenerator<string> {
  const raw = createReadStream(file);
  const failed = new Promise<never>((_resolve, reject) => {
    raw.on('error', (error) => {
      reject(new CliError(`${file}: cannot be read: ${error.message}`, EXIT.usage, error));
    });
  });
  failed.catch(() => undefined);
  const opened = new Promise<void>((resolve) =>
    raw.once('open', () => {
      resolve();
    }),
  );
  await Promise.race([opened, failed]);
  const input = file.endsWith('.gz') ? raw.pipe(createGunzip()) : raw;
  yield* createInterface({ input, crlfDelay: Infinity });
}
