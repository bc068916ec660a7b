import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../../local/ports.ts';
import type { Context } from '../context.ts';
import { packageFolder } from '../package-folder.ts';
import { upCommand } from './up.ts';

test('the embedded Temporal is started with the namespace of TEMPORAL_NAMESPACE', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'escalier-up-'));
  // In the place of Temporal, what tells how it was started; in that of Postgres, what does not answer meanwhile.
  const temporal = join(folder, 'temporal');
  await writeFile(temporal, '#!/bin/sh\necho "started with $*" >&2\nexit 3\n');
  await chmod(temporal, 0o755);
  const silent = createServer((socket) => socket.setTimeout(2_000, () => socket.destroy()));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const context: Context = {
    env: {
      DATABASE_URL: `postgres://127.0.0.1:${(silent.address() as AddressInfo).port}/none`,
      TEMPORAL_CLI_PATH: temporal,
      TEMPORAL_NAMESPACE: 'other',
    },
    json: false,
    interactive: false,
    out: () => undefined,
    say: () => undefined,
    signal: new AbortController().signal,
    dataFolder: join(folder, 'data'),
    cacheFolder: join(folder, 'cache'),
  };
  const [postgresPort, temporalPort, temporalUiPort] = [await freePort(), await freePort(), await freePort()];
  const settings = join(packageFolder(), 'examples', 'escalier.yaml');
  await expect(upCommand(context, { settings, postgresPort, temporalPort, temporalUiPort })).rejects.toThrow(
    /started with server start-dev .*--namespace other /,
  );
  silent.close();
  await rm(folder, { recursive: true });
});
