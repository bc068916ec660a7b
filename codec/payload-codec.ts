import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto';
import { openBytes, sealBytes, SealError, sealingKeyId } from './aes-gcm.ts';
import type { PayloadKeys } from './keys.ts';

/** The names that Temporal's encryption samples use in every language, so that tools know what they look at. */
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/**
 * Authenticated with every payload: bytes that were sealed for another use do not open as a payload. A payload is not
 * bound to its workflow: the codec server must open it, and is not told where it comes from.
 */
const CONTEXT = 'temporal payload';

const utf8 = new TextDecoder();
const PayloadProto = proto.temporal.api.common.v1.Payload;

/**
 * Encrypts payloads (inputs, results, details of failures, memos, queries) with AES-256-GCM on their way to Temporal and
 * decrypts them on their way back. The whole payload is sealed, its own metadata too. Clients and workers need the same
 * keys.
 *
 * Temporal never passes search attributes, workflow ids, task queues or the names of types through a codec: they stay
 * plain, and must hold nothing secret. Messages and stacks of failures stay plain too, unless the failure converter is
 * told to encode them.
 *
 * Payloads of another encoding are returned as they are, so histories from before encryption stay readable. `decode`
 * rejects with {@link SealError} for an unknown key or altered bytes.
 */
export function createPayloadCodec(keys: PayloadKeys): PayloadCodec {
  const keyId = Buffer.from(keys.sealing.id);
  const encoding = Buffer.from(ENCODING);
  return {
    encode: (payloads) =>
      settle(() =>
        payloads.map((payload) => ({
          metadata: { encoding, [KEY_ID]: keyId },
          data: sealBytes(keys, PayloadProto.encode(payload).finish(), CONTEXT),
        })),
      ),
    decode: (payloads) => settle(() => payloads.map((payload) => open(keys, payload))),
  };
}

function open(keys: PayloadKeys, payload: Payload): Payload {
  if (text(payload, 'encoding') !== ENCODING) return payload;
  const data = payload.data ?? new Uint8Array();
  // The envelope's id is the authenticated one. Another in the metadata is somebody else's format, or tampering.
  if (text(payload, KEY_ID) !== sealingKeyId(data)) {
    throw new SealError('damaged', `the payload's ${KEY_ID} is not the one in its envelope`);
  }
  return PayloadProto.decode(openBytes(keys, data, CONTEXT));
}

function text(payload: Payload, key: string): string | null {
  const value = payload.metadata?.[key];
  return value ? utf8.decode(value) : null;
}

/** Runs at once; what it throws is a rejection, as the interface wants. */
function settle<Value>(run: () => Value): Promise<Value> {
  return new Promise((resolve) => {
    resolve(run());
  });
}
