import { constants } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { z } from 'zod';
import { sha256 } from '../../core/request-hash.ts';

/**
 * The register of tests that labelled queries were used for. Whoever tests again and again on the same labels, and keeps what
 * passes, passes by luck in the end. So the k-th test of a query is made at δ / 2^k: these add up to δ, and the chance that
 * any of the statements is wrong stays at most δ, however many there are and though each may depend on the ones before.
 *
 * A split that shares a query with an earlier one is no fresh split, whatever its hash: a test is one more than the latest of
 * those that it shares a query with. The tests of any one query so have different k. The same test of the same split is no
 * new test: it says what it said.
 *
 * What is shared is the δ of the first test of a query. A later one that would allow itself more is made at that.
 */
export interface SplitUse extends Share {
  readonly splitSha256: string;
  readonly testSha256: string;
}

/** What a test has of its labels. */
export interface Share {
  /** Which test it is, from 1. */
  readonly use: number;
  /** What it is a share of, in (0, 1): its own δ, and at most that of the first test of each of its queries. */
  readonly delta: number;
}

/** A test of a claim at δ. */
export interface ClaimedTest {
  readonly sha256: string;
  readonly delta: number;
}

/** A line of the file: what was tested on what. Lines are only ever added; a use follows from the lines before. */
const useSchema = z.strictObject({
  split: z.string(),
  test: z.string(),
  /** Of each query, the start of its id's hash: who reads the file learns no ids. */
  queries: z.array(z.string()),
  /** Its own δ; absent in lines from before it was kept. */
  delta: z.number().gt(0).lt(1).exactOptional(),
});
type UseLine = z.infer<typeof useSchema>;

/** Hexadecimal digits: with a million queries, two share their 12 with a chance of 1 in 500. They would then cost a use too much. */
const QUERY_DIGITS = 12;

/** What a line that does not say its δ was most likely made at: the default of `--confidence`. */
const UNSAID_DELTA = 0.1;

/** A split, for the register. */
export interface ClaimedSplit {
  /** Of ids and labels: `splitSha256`. */
  readonly sha256: string;
  /** Of its queries. */
  readonly ids: readonly string[];
}

/**
 * Enters a test into the register, before a label is read, and says which one it is. Two processes may do so at once: each
 * adds a line in one write, and the order of the lines decides.
 * @param file made where there is none; its folder must exist.
 * @throws {Error} when the file cannot be written, or holds a line that is not one of ours.
 */
export async function claimUse(file: string, split: ClaimedSplit, test: ClaimedTest): Promise<SplitUse> {
  const line = lineOf(split, test);
  if (!(await readLines(file)).some((earlier) => keyOf(earlier) === keyOf(line)))
    await appendLine(file, line);
  return { splitSha256: split.sha256, testSha256: test.sha256, ...shareOf(await readLines(file), line) };
}

/** What the test would have if it were claimed now, without claiming it: for a forecast. */
export async function upcomingUse(file: string, split: ClaimedSplit, test: ClaimedTest): Promise<Share> {
  return shareOf(await readLines(file), lineOf(split, test));
}

function lineOf(split: ClaimedSplit, { sha256: test, delta }: ClaimedTest): UseLine {
  const queries = split.ids.map((id) => sha256(id).slice(0, QUERY_DIGITS)).sort();
  return { split: split.sha256, test, queries, delta };
}

function keyOf({ split, test }: UseLine): string {
  return `${split} ${test}`;
}

/** What `line` stands for: itself where it is among the lines, else the next. */
function shareOf(lines: readonly UseLine[], line: UseLine): Share {
  /** By query: its latest use, and the δ of its first. */
  const known = new Map<string, Share>();
  const next = ({ queries, delta = UNSAID_DELTA }: UseLine): Share =>
    queries.reduce<Share>(
      (share, query) => {
        const own = known.get(query);
        if (own === undefined) return share;
        return { use: Math.max(share.use, own.use + 1), delta: Math.min(share.delta, own.delta) };
      },
      { use: 1, delta },
    );
  const seen = new Set<string>();
  for (const earlier of lines) {
    // Claimed twice at once: the first line counts.
    if (seen.has(keyOf(earlier))) continue;
    seen.add(keyOf(earlier));
    // The hash of a test covers its δ, so that of the same test is known.
    if (keyOf(earlier) === keyOf(line)) return next({ ...line, queries: earlier.queries });
    const share = next(earlier);
    for (const query of earlier.queries) {
      known.set(query, { use: share.use, delta: known.get(query)?.delta ?? share.delta });
    }
  }
  return next(line);
}

async function readLines(file: string): Promise<UseLine[]> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  return text.split('\n').flatMap((line, at) => (line === '' ? [] : [parseLine(line, `${file}:${at + 1}`)]));
}

function parseLine(line: string, where: string): UseLine {
  try {
    return useSchema.parse(JSON.parse(line));
  } catch (cause) {
    // A line is written before its test is made, so a line that was cut off counts no test.
    throw new Error(`${where} is no use of a split: delete the line if it is cut off, else put it back`, {
      cause,
    });
  }
}

async function appendLine(file: string, line: UseLine): Promise<void> {
  const handle = await open(file, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY, 0o600);
  try {
    // Begun with a line feed, so that the rest of a line that was cut off does not spoil this one.
    const bytes = Buffer.from(`\n${JSON.stringify(line)}\n`);
    const { bytesWritten } = await handle.write(bytes);
    if (bytesWritten < bytes.length)
      throw new Error(`${file} took only ${bytesWritten} of ${bytes.length} bytes: is the disk full?`);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
