import { Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
// In a service of your own: from 'escalier'.
import { CascadeError, type CascadeAnswer, type Escalier } from '../../client/index.ts';

const ticketSchema = z.strictObject({
  subject: z.string().max(200).default(''),
  text: z.string().trim().min(1).max(20_000),
});

/** A key that a client may choose: it is stored in plain text, so it holds no white space and no message. */
const keySchema = z.string().regex(/^[\w.:/-]{1,200}$/, 'expected 1 to 200 of A-Z a-z 0-9 . _ : / -');

/** What each code means to whoever called this service. A code that is missing here does not compile. */
const STATUSES: Record<CascadeError['code'], ContentfulStatusCode> = {
  'bad-request': 400,
  'key-conflict': 409,
  cancelled: 409,
  'answer-not-retained': 410,
  // Ours to mend: the settings, a key, a limit.
  'unknown-task': 500,
  failed: 500,
  budget: 500,
  // The vendors' doing, or Temporal's: asking again with the same key may help.
  exhausted: 502,
  unavailable: 503,
  deadline: 504,
};

/**
 * `POST /triage` sorts a support ticket: `{ "subject"?, "text" }` with an `Idempotency-Key` header is answered with
 * `{ "label", "sure", "model", "cost_usd" }`. The same key is the same ticket, and is billed once.
 *
 * Every error is `{ "error": { "code", "message" } }`; of errors that are ours the message stays in the log.
 */
export function createApp(
  escalier: Pick<Escalier, 'ask'>,
  log: (error: unknown) => void = console.error,
): Hono {
  const app = new Hono();

  app.post('/triage', async (context) => {
    const key = keySchema.safeParse(context.req.header('idempotency-key') ?? '');
    if (!key.success)
      return context.json(problem('bad-request', `Idempotency-Key: ${wordsOf(key.error)}`), 400);
    const body: unknown = await context.req.json().catch(() => undefined);
    const ticket = ticketSchema.safeParse(body);
    if (!ticket.success) return context.json(problem('bad-request', wordsOf(ticket.error)), 400);

    const { subject, text } = ticket.data;
    const answer = await escalier.ask({
      task: 'support-triage',
      messages: [{ role: 'user', content: `${subject}\n\n${text}\n\nReply with one label.` }],
      // A prefix keeps the keys of two services that share a namespace apart.
      idempotencyKey: `triage/${key.data}`,
      deadlineMs: 20_000,
      tags: { service: 'triage' },
    });
    return context.json(resultOf(answer));
  });

  app.onError((error, context) => {
    const status = error instanceof CascadeError ? STATUSES[error.code] : 500;
    if (status >= 500) log(error);
    if (!(error instanceof CascadeError)) return context.json(problem('internal', 'see the log'), 500);
    return context.json(problem(error.code, status === 500 ? 'see the log' : error.message), status);
  });
  return app;
}

/** Below its threshold a label is a guess: the caller decides what to do with one. */
function resultOf({ answer, text, confidence, threshold, model, costUsd }: CascadeAnswer): object {
  // Where the text held none of the labels it is all that there is, and never sure.
  const label = answer ?? text.trim();
  return { label, sure: confidence !== null && confidence >= threshold, model, cost_usd: costUsd };
}

function problem(code: string, message: string): object {
  return { error: { code, message } };
}

function wordsOf(error: z.ZodError): string {
  return error.issues.map(({ path, message }) => [...path, message].join(': ')).join('; ');
}
