import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKeys } from './keys.ts';

const newKey = () => randomBytes(32).toString('base64');

describe('keys', () => {
  it('seals with the first and opens with all', () => {
    const keys = parseKeys(`new:${newKey()}, old:${newKey()}`);
    expect(keys.sealing.id).toBe('new');
    expect([...keys.byId.keys()]).toEqual(['new', 'old']);
  });

  it('derives the id of a bare key from the key', () => {
    const [one, other] = [newKey(), newKey()];
    expect(parseKeys(one).sealing.id).toBe(parseKeys(one).sealing.id);
    expect(parseKeys(one).sealing.id).not.toBe(parseKeys(other).sealing.id);
    expect(parseKeys(`${one},${other}`).byId.size).toBe(2);
  });

  it('takes base64url, with or without padding, for the same key', () => {
    const bytes = Buffer.alloc(32, 0xfb);
    const ids = ['base64', 'base64url'].map(
      (form) => parseKeys(bytes.toString(form as BufferEncoding)).sealing.id,
    );
    expect(ids[0]).toBe(ids[1]);
  });

  it('shows nothing of a key when logged', () => {
    const key = newKey();
    const shown = inspect(parseKeys(`k:${key}`), { depth: 9, showHidden: true });
    expect(shown).not.toContain(key);
    expect(shown).not.toContain(Buffer.from(key, 'base64').toString('hex').slice(0, 4));
  });

  it.each([
    ['', 'is empty'],
    [`${newKey()},`, 'entry 2 of 2 is empty'],
    ['not base64!', 'is not base64'],
    [randomBytes(16).toString('base64'), 'has 16 bytes where AES-256 needs 32'],
    [`a b:${newKey()}`, 'has an id that is not'],
    [`:${newKey()}`, 'has an id that is not'],
    [`a:${newKey()},a:${newKey()}`, 'entry 2 of 2 has the id of an earlier one'],
  ])('refuses %j', (text, what) => {
    expect(() => parseKeys(text)).toThrow(what);
    expect(() => parseKeys(text)).toThrow(/^ESCALIER_PAYLOAD_KEY: .*openssl rand -base64 32/);
  });

  it('never shows the value in an error, not even of swapped or mistyped entries', () => {
    const key = fc.uint8Array({ minLength: 24, maxLength: 40 }).map((bytes) => {
      return Buffer.from(bytes).toString('base64url');
    });
    fc.assert(
      fc.property(key, key, fc.constantFrom(':', ',', ' ', '!', ':id,'), (one, other, separator) => {
        try {
          parseKeys(`${one}${separator}${other}`);
        } catch (error) {
          expect(String(error)).not.toContain(one);
          expect(String(error)).not.toContain(other);
        }
      }),
    );
  });
});
