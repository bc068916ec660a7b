import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openBytes, sealBytes, SealError } from './aes-gcm.ts';
import { parseKeys } from './keys.ts';

const newKey = () => randomBytes(32).toString('base64');
const keys = parseKeys(`one:${newKey()}`);

function problemOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SealError);
    return (error as SealError).problem;
  }
  return 'none';
}

describe('sealed bytes', () => {
  it('open to what was sealed, whatever the bytes and the context', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.string({ unit: 'binary' }), (bytes, context) => {
        const opened = openBytes(keys, sealBytes(keys, bytes, context), context);
        expect(Buffer.compare(opened, bytes)).toBe(0);
      }),
    );
  });

  it('open from a view into a larger buffer', () => {
    const sealed = sealBytes(keys, Buffer.from('text'), 'c');
    const larger = Buffer.concat([Buffer.alloc(7), sealed, Buffer.alloc(7)]);
    const view = new Uint8Array(larger.buffer, larger.byteOffset + 7, sealed.length);
    expect(Buffer.from(openBytes(keys, view, 'c')).toString()).toBe('text');
  });

  it('are never the same twice', () => {
    const sealed = Array.from({ length: 1000 }, () =>
      Buffer.from(sealBytes(keys, Buffer.from('x'), '')).toString('hex'),
    );
    expect(new Set(sealed).size).toBe(sealed.length);
  });

  it('do not open when any bit is changed', () => {
    const sealed = sealBytes(keys, Buffer.from('an answer'), 'query/request');
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const altered = Uint8Array.from(sealed);
      altered[bit >> 3]! ^= 1 << (bit & 7);
      expect(problemOf(() => openBytes(keys, altered, 'query/request'))).not.toBe('none');
    }
  });

  it('do not open when cut short, at any length', () => {
    const sealed = sealBytes(keys, Buffer.from('an answer'), '');
    for (let length = 0; length < sealed.length; length++) {
      expect(problemOf(() => openBytes(keys, sealed.subarray(0, length), ''))).toBe('damaged');
    }
  });

  it('do not open in another context', () => {
    const sealed = sealBytes(keys, Buffer.from('an answer'), 'query-1/request');
    expect(problemOf(() => openBytes(keys, sealed, 'query-2/request'))).toBe('damaged');
    expect(problemOf(() => openBytes(keys, sealed, ''))).toBe('damaged');
  });

  it('name the key that is missing, and those at hand', () => {
    const sealed = sealBytes(keys, Buffer.from('x'), '');
    const others = parseKeys(`two:${newKey()}`);
    expect(problemOf(() => openBytes(others, sealed, ''))).toBe('unknown-key');
    expect(() => openBytes(others, sealed, '')).toThrow(/"one".*two.*ESCALIER_PAYLOAD_KEY/);
  });

  it('do not open with another key of the same id', () => {
    const sealed = sealBytes(keys, Buffer.from('x'), '');
    expect(problemOf(() => openBytes(parseKeys(`one:${newKey()}`), sealed, ''))).toBe('damaged');
  });

  it('open after a rotation, and new ones are sealed with the new key', () => {
    const [oldKey, newest] = [`old:${newKey()}`, `new:${newKey()}`];
    const sealedBefore = sealBytes(parseKeys(oldKey), Buffer.from('before'), 'c');
    const rotated = parseKeys(`${newest},${oldKey}`);
    expect(Buffer.from(openBytes(rotated, sealedBefore, 'c')).toString()).toBe('before');
    const sealedAfter = sealBytes(rotated, Buffer.from('after'), 'c');
    expect(Buffer.from(openBytes(parseKeys(newest), sealedAfter, 'c')).toString()).toBe('after');
    expect(problemOf(() => openBytes(parseKeys(oldKey), sealedAfter, 'c'))).toBe('unknown-key');
  });
});
