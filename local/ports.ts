import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { Unavailable } from '../core/unavailable.ts';

const LOOPBACK = '127.0.0.1';

/** A loopback port that nothing listened on a moment ago. Another process may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('the system gave no TCP port');
  return address.port;
}

/**
 * Checks that a loopback port can be listened on.
 * @param what whose port it is, for people: `Temporal`
 * @param flag the option that chooses another: `--temporal-port`
 * @throws {Unavailable} when it is in use, not allowed or not a port
 */
export async function requirePort(port: number, what: string, flag: string): Promise<void> {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Unavailable(`${port} is not a port (${what}): give ${flag} a whole number from 1 to 65535`);
  }
  const server = createServer();
  try {
    server.listen(port, LOOPBACK);
    await once(server, 'listening');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const problem =
      code === 'EADDRINUSE'
        ? 'is in use'
        : code === 'EACCES'
          ? 'needs privileges'
          : `cannot be used: ${code}`;
    const advice = code === 'EADDRINUSE' ? 'stop what uses it, or choose another' : 'choose another';
    throw new Unavailable(`port ${port} ${problem} (${what}): ${advice} with ${flag}`, { cause: error });
  }
  server.close();
  await once(server, 'close');
}

/**
 * Resolves when something accepts a TCP connection.
 * @throws {Error} the socket's error, or a timeout after `timeoutMs`
 */
export async function reachable(host: string, port: number, timeoutMs: number): Promise<void> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') {
      throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error });
    }
    throw error;
  } finally {
    socket.destroy();
  }
}

/** The port where it is free, else any free one. */
export async function portOr(port: number): Promise<number> {
  try {
    await requirePort(port, 'a server', 'a port');
    return port;
  } catch {
    return freePort();
  }
}
