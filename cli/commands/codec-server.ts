import { startCodecServer } from '../../codec/codec-server.ts';
import { aborted } from '../aborted.ts';
import { payloadKeys, type Context } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import { requirePort } from '../../local/ports.ts';

/** Decrypts payloads for the Temporal UI in an engineer's browser. */
export async function codecServerCommand(
  context: Context,
  options: { port: number; origin: readonly string[] },
): Promise<void> {
  const keys = payloadKeys(context);
  if (keys === null) {
    throw new CliError(
      'ESCALIER_PAYLOAD_KEY is not set, so nothing is encrypted: set it to the workers’ key, or make one with "openssl rand -base64 32"',
      EXIT.usage,
    );
  }
  await requirePort(options.port, 'codec server', '--port');
  const server = await startCodecServer({ keys, port: options.port, origins: options.origin });
  context.say(
    `Codec server: in the Temporal UI, click the glasses and enter ${server.url} as the browser endpoint. Ctrl-C stops.`,
  );
  await aborted(context.signal);
  await server.close();
}
