import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { createReplayApp, type ReplayOptions } from './app.ts';
import type { Meter } from './meter.ts';

export interface ReplayServer {
  /** The base URL for a client of OpenAI's API, ending in `/v1`. */
  readonly url: string;
  readonly port: number;
  readonly meter: Meter;
  /** Closes every connection, also those of requests that are stalled, and the port. */
  close(): Promise<void>;
}

/**
 * Starts the replay provider: an OpenAI-compatible server over a recorded set, which stands in for the model vendors and
 * meters what it bills.
 * @param options.port default: a free one. @param options.host default: this machine alone.
 * @throws {Error} where the port cannot be had.
 */
export async function startReplay({
  port: wanted = 0,
  host = '127.0.0.1',
  ...options
}: ReplayOptions & { readonly port?: number; readonly host?: string }): Promise<ReplayServer> {
  const replay = createReplayApp(options);
  const listener = getRequestListener(replay.app.fetch, { hostname: host, overrideGlobalObjects: false });
  const server = createServer((incoming, outgoing) => {
    void listener(incoming, outgoing);
  });
  // An idle connection that closes just as a client reuses it would be a fault that nobody asked for.
  server.keepAliveTimeout = 0;
  server.listen(wanted, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `the replay provider cannot listen on ${host}:${wanted}: choose another port, or 0 for a free one`;
    throw new Error(message, { cause });
  }
  const { port } = server.address() as AddressInfo;
  const authority = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return {
    url: `http://${authority}/v1`,
    port,
    meter: replay.meter,
    async close() {
      replay.close();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
