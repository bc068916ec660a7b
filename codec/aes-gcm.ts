import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { PayloadKeys } from './keys.ts';

/**
 * The envelope, in bytes: `version (1) | length of id (1) | key id | nonce (12) | ciphertext | tag (16)`.
 *
 * Everything before the nonce is authenticated together with the caller's context. The header says its own length, so
 * no other pair of header and context gives the same authenticated bytes.
 *
 * Nonces are random, which NIST SP 800-38D allows for 2³² envelopes under one key. A query makes some tens of them, so
 * rotate a key before about 100 million queries.
 */
const VERSION = 1;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PREFIX_BYTES = 2;

/** `unknown-key`: sealed with a key that is not at hand. `damaged`: not an envelope, altered, or of another context. */
export type SealProblem = 'unknown-key' | 'damaged';

export class SealError extends Error {
  override readonly name = 'SealError';
  readonly problem: SealProblem;

  constructor(problem: SealProblem, message: string, options?: ErrorOptions) {
    super(message, options);
    this.problem = problem;
  }
}

/**
 * Encrypts with the first key (AES-256-GCM). The result is 30 bytes and the key's id longer.
 * @param context what the bytes are and where they belong; authenticated, not stored: opening needs the same.
 */
export function sealBytes(keys: PayloadKeys, bytes: Uint8Array, context: string): Uint8Array {
  const { id, secret } = keys.sealing;
  const header = Buffer.concat([Buffer.of(VERSION, id.length), Buffer.from(id, 'latin1')]);
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.concat([header, Buffer.from(context)]));
  return Buffer.concat([header, nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/**
 * Decrypts what {@link sealBytes} made, with whichever key its envelope names.
 * @throws {SealError} `unknown-key` or `damaged`; nothing is returned of bytes that do not authenticate.
 */
export function openBytes(keys: PayloadKeys, sealed: Uint8Array, context: string): Uint8Array {
  const envelope = readEnvelope(sealed);
  const key = keys.byId.get(envelope.keyId);
  if (key === undefined) throw unknownKey(envelope.keyId, keys);
  const decipher = createDecipheriv(CIPHER, key.secret, envelope.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.concat([envelope.header, Buffer.from(context)]));
  decipher.setAuthTag(envelope.tag);
  try {
    return Buffer.concat([decipher.update(envelope.ciphertext), decipher.final()]);
  } catch (error) {
    throw new SealError(
      'damaged',
      `the sealed bytes do not authenticate: they were altered, belong elsewhere, or "${key.id}" is not the key that sealed them`,
      { cause: error },
    );
  }
}

/** The id of the key that sealed an envelope. @throws {SealError} `damaged` when it is not one of ours. */
export function sealingKeyId(sealed: Uint8Array): string {
  return readEnvelope(sealed).keyId;
}

function readEnvelope(sealed: Uint8Array) {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const [version, idLength] = bytes;
  const headerBytes = PREFIX_BYTES + (idLength ?? 0);
  if (version !== VERSION || bytes.length < headerBytes + NONCE_BYTES + TAG_BYTES) {
    throw new SealError('damaged', 'these are not bytes that escalier sealed, or some are missing');
  }
  const header = bytes.subarray(0, headerBytes);
  return {
    header,
    keyId: header.toString('latin1', PREFIX_BYTES),
    nonce: bytes.subarray(headerBytes, headerBytes + NONCE_BYTES),
    ciphertext: bytes.subarray(headerBytes + NONCE_BYTES, -TAG_BYTES),
    tag: bytes.subarray(-TAG_BYTES),
  };
}

function unknownKey(keyId: string, keys: PayloadKeys): SealError {
  // The id comes from outside: JSON.stringify keeps control characters out of terminals and logs.
  return new SealError(
    'unknown-key',
    `sealed with the key ${JSON.stringify(keyId)}, which is not among those at hand (${[...keys.byId.keys()].join(', ')}): add it to ESCALIER_PAYLOAD_KEY after the first, as id:key`,
  );
}
