import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sealBytes } from './aes-gcm.ts';
import { parseKeys } from './keys.ts';
import { createPayloadCodec } from './payload-codec.ts';

const newKey = () => randomBytes(32).toString('base64');
const codec = createPayloadCodec(parseKeys(`k1:${newKey()}`));

const textOf = (payload: Payload, key: string) => Buffer.from(payload.metadata?.[key] ?? []).toString();

describe('payload codec', () => {
  it('gives back every payload: its data and its metadata', async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    const payload = fc.record({ metadata: fc.dictionary(fc.string({ minLength: 1 }), bytes), data: bytes });
    await fc.assert(
      fc.asyncProperty(fc.array(payload, { maxLength: 4 }), async (payloads) => {
        const decoded = await codec.decode(await codec.encode(payloads));
        expect(decoded.length).toBe(payloads.length);
        for (const [index, { metadata, data }] of payloads.entries()) {
          const back = decoded[index]!;
          expect(Buffer.compare(Buffer.from(back.data ?? []), Buffer.from(data))).toBe(0);
          expect(Object.keys(back.metadata ?? {}).sort()).toEqual(Object.keys(metadata).sort());
          for (const [key, value] of Object.entries(metadata)) {
            expect(Buffer.from(back.metadata![key]!).equals(value)).toBe(true);
          }
        }
      }),
    );
  });

  it.each([[{ answer: 42, text: 'é' }], ['text'], [null], [undefined], [new Uint8Array([0, 255])]])(
    'carries %j through the default converter',
    async (value) => {
      const payload = defaultPayloadConverter.toPayload(value);
      const [decoded] = await codec.decode(await codec.encode([payload]));
      expect(defaultPayloadConverter.fromPayload(decoded!)).toEqual(value);
    },
  );

  it('shows only the encoding and the key', async () => {
    const [encoded] = await codec.encode([defaultPayloadConverter.toPayload('a secret prompt')]);
    expect(Object.keys(encoded!.metadata!).sort()).toEqual(['encoding', 'encryption-key-id']);
    expect(textOf(encoded!, 'encoding')).toBe('binary/encrypted');
    expect(textOf(encoded!, 'encryption-key-id')).toBe('k1');
    const seen = Buffer.from(encoded!.data!).toString('latin1');
    expect(seen).not.toContain('secret');
    expect(seen).not.toContain('json/plain');
  });

  it('passes payloads of other encodings, and takes none for none', async () => {
    const plain = [defaultPayloadConverter.toPayload({ a: 1 }), {}];
    expect(await codec.decode(plain)).toEqual(plain);
    expect(await codec.encode([])).toEqual([]);
    expect(await codec.decode([])).toEqual([]);
  });

  it('rejects what another key sealed', async () => {
    const other = createPayloadCodec(parseKeys(`k2:${newKey()}`));
    await expect(codec.decode(await other.encode([{}]))).rejects.toMatchObject({ problem: 'unknown-key' });
  });

  it('rejects altered data, an altered key id, and bytes that were sealed for another use', async () => {
    const keys = parseKeys(`k1:${newKey()},k2:${newKey()}`);
    const both = createPayloadCodec(keys);
    const [payload] = await both.encode([defaultPayloadConverter.toPayload('x')]);
    const { metadata, data } = payload!;
    const altered = Uint8Array.from(data!);
    altered[altered.length - 1]! ^= 1;
    const damaged = [
      { metadata, data: altered },
      { metadata },
      { metadata: { ...metadata, 'encryption-key-id': Buffer.from('k2') }, data },
      { metadata: { encoding: Buffer.from('binary/encrypted') }, data },
      { metadata, data: sealBytes(keys, Buffer.from('a text at rest'), 'query/request') },
    ] as Payload[];
    for (const one of damaged) {
      await expect(both.decode([one])).rejects.toMatchObject({ problem: 'damaged' });
    }
  });

  it('loads no native module, so that a client can have it', () => {
    const script = `await import(${JSON.stringify(import.meta.resolve('@temporalio/proto'))});
      await import(${JSON.stringify(import.meta.resolve('@temporalio/common'))});
      console.log(JSON.stringify(process.report.getReport().sharedObjects.filter((file) => file.endsWith('.node'))));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });
    expect(JSON.parse(output)).toEqual([]);
  });
});
