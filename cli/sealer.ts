import { openBytes, sealBytes } from '../codec/aes-gcm.ts';
import type { PayloadKeys } from '../codec/keys.ts';
import type { Sealer } from '../ledger/texts.ts';

/** What encrypts texts at rest; null where no key is configured. */
export function sealerOf(keys: PayloadKeys | null): Sealer | null {
  return (
    keys && {
      seal: (bytes, about) => sealBytes(keys, bytes, about),
      open: (sealed, about) => openBytes(keys, sealed, about),
    }
  );
}
