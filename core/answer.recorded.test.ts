import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { extractAnswer, lastNumber, type AnswerSpec } from './answer.ts';

const root = process.env['ESCALIER_RECORDED'] ?? join(import.meta.dirname, '../../shared/recorded');
const set = join(root, 'gsm8k');

interface Query {
  readonly id: string;
  readonly reference: string;
}
interface Response {
  readonly id: string;
  readonly text: string;
  readonly correct: 0 | 1;
}

function readLines<Row>(file: string): Row[] {
  const lines = gunzipSync(readFileSync(file)).toString('utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

describe.skipIf(!existsSync(set))('the extractor on real responses', () => {
  it('agrees with the labels of gsm8k', () => {
    const spec: AnswerSpec = { from: 'json', pointer: '/answer', normalise: 'number' };
    const references = new Map(
      readLines<Query>(join(set, 'queries.jsonl.gz')).map(({ id, reference }) => [id, lastNumber(reference)]),
    );
    let responses = 0;
    let agreed = 0;
    let unanswered = 0;
    for (const file of readdirSync(join(set, 'responses'))) {
      for (const { id, text, correct } of readLines<Response>(join(set, 'responses', file))) {
        const answer = extractAnswer(text, spec, 0);
        responses++;
        if (answer === null) unanswered++;
        if ((answer !== null && answer === references.get(id)) === (correct === 1)) agreed++;
      }
    }
    const share = (count: number): string => `${((100 * count) / responses).toFixed(2)}%`;
    console.info(
      `gsm8k: the answer decides as its label does for ${share(agreed)} of ${responses} responses; ${share(unanswered)} hold none`,
    );
    expect(agreed / responses).toBeGreaterThanOrEqual(0.97);
  });
});
