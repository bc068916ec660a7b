import { openBytes, sealBytes } from '../codec/aes-gcm.ts';
import type { Sealer } from '../ledger/texts.ts';
import { payloadKeys, type Context } from './context.ts';

/** What seals and opens the ledger's texts, by ESCALIER_PAYLOAD_KEY; null without a key. */
export function sealerOf(context: Context): Sealer | null {
  const keys = payloadKeys(context);
  return (
    keys && {
      seal: (bytes, about) => sealBytes(keys, bytes, about),
      open: (sealed, about) => openBytes(keys, sealed, about),
    }
  );
}
