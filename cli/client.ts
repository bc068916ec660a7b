import { Escalier } from '../client/index.ts';
import { payloadKeys, servers, temporalCredentials, type Context } from './context.ts';

/** A client of the servers that this command line talks to; closed when `work` is done. */
export async function withClient<T>(context: Context, work: (client: Escalier) => Promise<T>): Promise<T> {
  const { temporalAddress, namespace } = await servers(context);
  // A key that is none is told before anything is connected.
  payloadKeys(context);
  const payloadKey = context.env['ESCALIER_PAYLOAD_KEY'];
  const client = new Escalier({
    address: temporalAddress,
    namespace,
    ...temporalCredentials(context),
    ...(payloadKey ? { payloadKey } : {}),
  });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
