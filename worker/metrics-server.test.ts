import { describe, expect, test } from 'vitest';
import { Unavailable } from '../core/unavailable.ts';
import { parseMetricsAddress, startMetricsServer } from './metrics-server.ts';

describe('an address for metrics', () => {
  test.each([
    ['9464', '127.0.0.1', 9464],
    [':9464', '127.0.0.1', 9464],
    ['0.0.0.0:9464', '0.0.0.0', 9464],
    ['[::1]:0', '::1', 0],
  ])('%s', (text, host, port) => {
    expect(parseMetricsAddress(text)).toEqual({ host, port });
  });

  test.each(['', 'localhost', 'localhost:', '70000', '127.0.0.1:port', '1:2:x'])('is not "%s"', (text) => {
    expect(() => parseMetricsAddress(text)).toThrow('is no address for metrics');
  });
});

describe('the metrics server', () => {
  const here = { host: '127.0.0.1', port: 0 };

  test('serves all sources as one text', async () => {
    const server = await startMetricsServer(here, [
      () => Promise.resolve('a 1\n'),
      () => Promise.resolve('b 2\n'),
    ]);
    const response = await fetch(server.url);
    expect(response.headers.get('content-type')).toContain('version=0.0.4');
    expect(await response.text()).toBe('a 1\n\nb 2\n');
    expect((await fetch(server.url.replace('/metrics', '/'))).status).toBe(404);
    await server.close();
  });

  test('fails a scrape that would lack a source', async () => {
    const server = await startMetricsServer(here, [() => Promise.reject(new Error('away'))]);
    const response = await fetch(server.url);
    expect([response.status, await response.text()]).toEqual([500, 'Error: away\n']);
    await server.close();
  });

  test('says what to do about a port that is taken', async () => {
    const server = await startMetricsServer(here, []);
    const port = Number(new URL(server.url).port);
    const refused = startMetricsServer({ ...here, port }, []);
    await expect(refused).rejects.toBeInstanceOf(Unavailable);
    await expect(refused).rejects.toThrow(
      `127.0.0.1:${port} is in use (metrics): choose another with --metrics-port or ESCALIER_METRICS`,
    );
    await server.close();
  });
});
