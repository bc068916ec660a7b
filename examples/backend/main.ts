import { serve } from '@hono/node-server';
import { Escalier } from '../../client/index.ts';
import { createApp } from './server.ts';

const { TEMPORAL_ADDRESS, PORT } = process.env;
const escalier = new Escalier(TEMPORAL_ADDRESS ? { address: TEMPORAL_ADDRESS } : {});
const server = serve({ fetch: createApp(escalier).fetch, port: Number(PORT ?? 3000) }, ({ port }) => {
  console.log(`http://localhost:${port}/triage`);
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    server.close(() => void escalier.close());
  });
}
