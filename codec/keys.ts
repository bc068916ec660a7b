import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';

/** Length of an AES-256 key, in bytes. */
const KEY_BYTES = 32;
/** Shorter than any key in base64, so that a key in the place of an id is refused and never shown as one. */
const ID_PATTERN = /^[A-Za-z0-9._-]{1,32}$/;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;

interface PayloadKey {
  /** Stored in clear with everything that the key seals. 1 to 32 of `A-Z a-z 0-9 . _ -`. */
  readonly id: string;
  /** A `KeyObject` shows nothing of the key when it is logged. */
  readonly secret: KeyObject;
}

/** What seals and what opens. To rotate: put a new key first, and keep the old ones, written as they were, as long as what they sealed. */
export interface PayloadKeys {
  readonly sealing: PayloadKey;
  /** Every key by its id, the sealing one too. */
  readonly byId: ReadonlyMap<string, PayloadKey>;
}

/**
 * Reads keys from the value of `ESCALIER_PAYLOAD_KEY`: `key` or `id:key`, more of them after commas. The first seals,
 * all open. A key is 32 bytes in base64 or base64url; without an id it gets one derived from the key.
 * @throws {Error} that names the setting and the entry's place, and shows nothing of the value.
 */
export function parseKeys(text: string): PayloadKeys {
  const entries = text.split(',').map((entry) => entry.trim());
  const keys = entries.map((entry, index) => parseKey(entry, `entry ${index + 1} of ${entries.length}`));
  const byId = new Map<string, PayloadKey>();
  for (const [index, key] of keys.entries()) {
    if (byId.has(key.id)) {
      throw problem(
        `entry ${index + 1} of ${entries.length}`,
        'has the id of an earlier one: ids must differ',
      );
    }
    byId.set(key.id, key);
  }
  const [sealing] = keys;
  if (sealing === undefined) throw problem('the value', 'holds no key');
  return { sealing, byId };
}

function parseKey(entry: string, where: string): PayloadKey {
  if (entry === '') throw problem(where, 'is empty');
  const colon = entry.indexOf(':');
  const encoded = entry.slice(colon + 1).trim();
  if (!BASE64.test(encoded)) throw problem(where, 'is not base64');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length !== KEY_BYTES) {
    throw problem(where, `has ${bytes.length} bytes where AES-256 needs ${KEY_BYTES}`);
  }
  const id = colon === -1 ? derivedId(bytes) : entry.slice(0, colon).trim();
  if (!ID_PATTERN.test(id)) {
    throw problem(where, 'has an id that is not 1 to 32 of A-Z a-z 0-9 . _ - (write id:key)');
  }
  return { id, secret: createSecretKey(bytes) };
}

/** The same key has the same id everywhere; the id says nothing of a random key. */
function derivedId(key: Buffer): string {
  return createHmac('sha256', key).update('escalier payload key id').digest('hex').slice(0, 16);
}

function problem(where: string, what: string): Error {
  return new Error(
    `ESCALIER_PAYLOAD_KEY: ${where} ${what}. Make a key with: openssl rand -base64 32. To rotate, put the new one first, and after it the old value as it is, with or without its id: 2027:<new>,<old value>`,
  );
}
