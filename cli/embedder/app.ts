import { Hono } from 'hono';
import { z } from 'zod';
import { packVector } from '../../core/vector.ts';
import type { LocalEmbedder } from './local-embedder.ts';

/** A request of OpenAI's embeddings API, as far as a local model can serve it. */
const requestSchema = z.object({
  model: z.string(),
  input: z.union([z.string().min(1), z.array(z.string().min(1)).min(1).max(256)]),
  encoding_format: z.enum(['float', 'base64']).default('float'),
});

/** OpenAI's embeddings API over a model of this machine: `POST /v1/embeddings`, `GET /v1/models`. */
export function createEmbedderApp(embedder: LocalEmbedder): Hono {
  const app = new Hono();
  const refused = (message: string) => ({ error: { message, type: 'invalid_request_error' } });
  app.get('/v1/models', (context) =>
    context.json({ object: 'list', data: [{ id: embedder.model, object: 'model', owned_by: 'local' }] }),
  );
  app.post('/v1/embeddings', async (context) => {
    const body: unknown = await context.req.json().catch(() => null);
    const parsed = requestSchema.safeParse(body);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return context.json(refused(`${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'no JSON'}`), 400);
    }
    const { model, input, encoding_format: format } = parsed.data;
    if (model !== embedder.model) {
      return context.json(
        refused(`there is no model "${model}" here: this server has "${embedder.model}"`),
        404,
      );
    }
    const texts = typeof input === 'string' ? [input] : input;
    const { vectors, tokens } = await embedder.embed(texts);
    return context.json({
      object: 'list',
      model,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: format === 'base64' ? packVector(vector) : vector,
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  });
  app.onError((error, context) =>
    context.json({ error: { message: error.message, type: 'server_error' } }, 500),
  );
  return app;
}
