import { once } from 'node:events';
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { requirePort } from '../../local/ports.ts';
import { aborted } from '../aborted.ts';
import type { Context } from '../context.ts';
import { createEmbedderApp } from '../embedder/app.ts';
import { loadLocalEmbedder, type LocalEmbedderOptions } from '../embedder/local-embedder.ts';

/** Serves an embedding model of this machine as an OpenAI-compatible provider, to this machine alone. */
export async function embedderCommand(
  context: Context,
  { port, ...options }: LocalEmbedderOptions & { readonly port: number },
): Promise<void> {
  await requirePort(port, 'embedder', '--port');
  const embedder = await loadLocalEmbedder(options);
  const server = createAdaptorServer({ fetch: createEmbedderApp(embedder).fetch }) as Server;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${port}/v1`;
  if (context.json) context.out(JSON.stringify({ url, model: embedder.model }));
  context.say(`Embedding with ${embedder.model}. In escalier.yaml:
  providers: { embedder: { base_url: '${url}' } }
  models: { my-embedder: { provider: embedder, id: '${embedder.model}', price: { input_usd_per_mtok: 0, output_usd_per_mtok: 0 } } }
Ctrl-C stops.`);
  await aborted(context.signal);
  server.close();
  server.closeAllConnections();
  await embedder.close();
}
