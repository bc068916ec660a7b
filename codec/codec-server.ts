import { once } from 'node:events';
import type { Server } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { createCodecApp, type CodecAppOptions } from './codec-app.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

export interface CodecServerOptions extends CodecAppOptions {
  /** 0 lets the system choose one. */
  readonly port: number;
  /** Default `127.0.0.1`. Any that is not loopback needs a token. */
  readonly host?: string;
}

export interface CodecServer {
  /** What to give the UI and the CLI as codec endpoint: `http://127.0.0.1:8234`. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts the codec server: plain HTTP, for this machine or behind a proxy that speaks TLS.
 * @throws {Error} when the port is taken, or when others than this machine could decrypt without a token.
 */
export async function startCodecServer(options: CodecServerOptions): Promise<CodecServer> {
  const { port, host = '127.0.0.1', token } = options;
  if (token === undefined && !isLoopback(host)) {
    throw new Error(
      `a codec server on ${host} would decrypt for anyone who reaches it: set a token, or listen on 127.0.0.1`,
    );
  }
  const server = createAdaptorServer({ fetch: createCodecApp(options).fetch }) as Server;
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw new Error(
      `the codec server cannot listen on ${host}:${port} (${(error as NodeJS.ErrnoException).code}): stop what uses it, or choose another port`,
      { cause: error },
    );
  }
  const address = server.address();
  const listening = typeof address === 'object' ? (address?.port ?? port) : port;
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${listening}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function isLoopback(host: string): boolean {
  const family = isIP(host);
  return family === 0 ? host === 'localhost' : loopback.check(host, family === 6 ? 'ipv6' : 'ipv4');
}
