import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { isIP, type AddressInfo } from 'node:net';
import { Unavailable } from '../core/unavailable.ts';

/** Where metrics are served. */
export interface MetricsAddress {
  readonly host: string;
  /** 0 lets the system choose one. */
  readonly port: number;
}

export interface MetricsServer {
  /** `http://127.0.0.1:9464/metrics` */
  readonly url: string;
  close(): Promise<void>;
}

/** Text in Prometheus' exposition format; metrics of different sources differ in their names. */
export type MetricsSource = () => Promise<string>;

/** Version 0.0.4 of the text format: https://prometheus.io/docs/instrumenting/exposition_formats/ */
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Reads `host:port`, `:port` (this machine alone) or `port`.
 * @throws {RangeError} that says what is expected.
 */
export function parseMetricsAddress(text: string): MetricsAddress {
  const [, host = '', port = ''] = /^(?:\[?([^[\]]*?)\]?:)?(\d{1,5})$/.exec(text) ?? [];
  if (port === '' || Number(port) > 65_535) {
    throw new RangeError(
      `"${text}" is no address for metrics: expected host:port, or a port of this machine`,
    );
  }
  return { host: host === '' ? '127.0.0.1' : host, port: Number(port) };
}

/**
 * Serves `GET /metrics`: all sources, one after the other. One that fails is told of in the status, so that a scrape that
 * lacks something is seen as failed.
 * @throws {Unavailable} where the port cannot be had.
 */
export async function startMetricsServer(
  { host, port }: MetricsAddress,
  sources: readonly MetricsSource[],
): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404).end('metrics are at /metrics\n');
      return;
    }
    Promise.all(sources.map((source) => source())).then(
      (texts) => response.setHeader('content-type', CONTENT_TYPE).end(texts.join('\n')),
      (error: unknown) => response.writeHead(500).end(`${String(error)}\n`),
    );
  });
  await listen(server, host, port);
  const { port: listening } = server.address() as AddressInfo;
  return {
    url: `http://${isIP(host) === 6 ? `[${host}]` : host}:${listening}/metrics`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    const problem = code === 'EADDRINUSE' ? 'is in use' : `cannot be listened on (${code})`;
    throw new Unavailable(
      `${host}:${port} ${problem} (metrics): choose another with --metrics-port or ESCALIER_METRICS`,
      { cause: error },
    );
  }
}
