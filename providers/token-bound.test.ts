import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../core/policy.ts';
import { inputTokenBound } from './token-bound.ts';
import { inputTokenFloor, textTokenFloor } from './token-floor.ts';

const hello: JsonObject = { role: 'user', content: 'hello' };

describe('the bound', () => {
  test('counts bytes, not characters', () => {
    const bound = (content: string) => inputTokenBound([{ role: 'user', content }], {})!;
    expect(bound('日本') - bound('')).toBe(6);
    expect(bound('ab') - bound('')).toBe(2);
  });

  test('counts every message, its framing, and its tool calls', () => {
    const one = inputTokenBound([hello], {})!;
    expect(inputTokenBound([hello, hello], {})! - one).toBe('user'.length + 'hello'.length + 16);
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }];
    expect(inputTokenBound([{ ...hello, tool_calls: calls }], {})! - one).toBeGreaterThan(
      JSON.stringify(calls).length,
    );
  });

  test('counts tools and a response’s schema, and no bare numbers or flags', () => {
    const one = inputTokenBound([hello], {})!;
    expect(inputTokenBound([hello], { temperature: 0, logprobs: true, seed: 7 })).toBe(one);
    const tools = [{ type: 'function', function: { name: 'f', description: 'naïve' } }];
    const escaped = JSON.stringify(tools, null, 4).length + '\\u0000'.length - 1;
    expect(inputTokenBound([hello], { tools })! - one).toBe(escaped + 1024);
    expect(inputTokenBound([hello], { response_format: { type: 'json_object' } })! - one).toBeGreaterThan(20);
  });

  test('takes text in parts', () => {
    const content = [
      { type: 'text', text: 'hel' },
      { type: 'text', text: 'lo' },
    ];
    expect(inputTokenBound([{ role: 'user', content }], {})).toBeGreaterThanOrEqual(
      inputTokenBound([hello], {})!,
    );
  });

  test.each<[string, JsonObject, JsonObject]>([
    ['an image', { role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }, {}],
    [
      'audio',
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: '', format: 'wav' } }] },
      {},
    ],
    ['a file', { role: 'user', content: [{ type: 'file', file: { file_id: 'f' } }] }, {}],
    ['earlier audio', { role: 'assistant', audio: { id: 'a' } }, {}],
    ['a part of unknown kind', { role: 'user', content: [{ type: 'toString', text: 'x' }] }, {}],
    ['a web search', hello, { web_search_options: {} }],
    ['a hosted tool', hello, { tools: [{ type: 'web_search_preview' }] }],
  ])('is unknown for %s', (_what, message, parameters) => {
    expect(inputTokenBound([hello, message], parameters)).toBeNull();
  });
});

const recorded = process.env['ESCALIER_RECORDED'] ?? join(import.meta.dirname, '../../shared/recorded');

describe.skipIf(!existsSync(recorded))('recorded token counts', () => {
  test.each(['gsm8k', 'crux'])('of %s stay between the floor and the bound', (set) => {
    const bounds = new Map<unknown, number | null>();
    const floors = new Map<unknown, number>();
    for (const query of rows(join(recorded, set, 'queries.jsonl.gz'))) {
      const messages = query['messages'] as JsonObject[];
      bounds.set(query['id'], inputTokenBound(messages, {}));
      floors.set(query['id'], inputTokenFloor(messages, {}));
    }
    const folder = join(recorded, set, 'responses');
    let compared = 0;
    for (const file of readdirSync(folder)) {
      for (const row of rows(join(folder, file))) {
        const bound = bounds.get(row['id']);
        if (typeof bound !== 'number' || bound < Number(row['input_tokens'])) {
          expect.fail(
            `${file}, ${String(row['id'])}: ${String(row['input_tokens'])} tokens, bound ${String(bound)}`,
          );
        }
        const [floor, output] = [floors.get(row['id'])!, textTokenFloor(String(row['text']))];
        if (floor > Number(row['input_tokens']) || output > Number(row['output_tokens'])) {
          expect.fail(
            `${file}, ${String(row['id'])}: ${String(row['input_tokens'])} and ${String(row['output_tokens'])} tokens, floors ${floor} and ${output}`,
          );
        }
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(10_000);
  });
});

function rows(path: string): Record<string, unknown>[] {
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
