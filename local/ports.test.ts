import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, reachable, requirePort } from './ports.ts';

test('a free port can be used', async () => {
  await expect(requirePort(await freePort(), 'Temporal', '--temporal-port')).resolves.toBeUndefined();
});

test.each(['127.0.0.1', '0.0.0.0'])(
  'a port in use on %s is refused by name, and is reachable',
  async (host) => {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    await expect(requirePort(port, 'Temporal', '--temporal-port')).rejects.toThrow(
      `port ${port} is in use (Temporal): stop what uses it, or choose another with --temporal-port`,
    );
    await expect(reachable('127.0.0.1', port, 5_000)).resolves.toBeUndefined();
    server.close();
  },
);

test.each([0, -1, 65_536, 1.5, Number.NaN])('%d is not a port', async (port) => {
  await expect(requirePort(port, 'Postgres', '--postgres-port')).rejects.toThrow('is not a port (Postgres)');
});

test('nothing listens on a free port', async () => {
  await expect(reachable('127.0.0.1', await freePort(), 5_000)).rejects.toThrow('ECONNREFUSED');
});
