import { randomUUID } from 'node:crypto';
import { Hono } from 'hono';
import { drawUnit } from '../recorded/random.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { completionOf } from './completion.ts';
import { connectionOf, type Connection, type ReplayEnv } from './connection.ts';
import { drawFault, faultPlanSchema, isBilled, type FaultPlan, type FaultPlanInput } from './faults.ts';
import { AT_ONCE, drawPace, type Latency } from './latency.ts';
import { createLookup, type Found, type Lookup } from './lookup.ts';
import { createMeter, type Meter, type OpenEntry } from './meter.ts';
import { badRequest, errorBody, type Problem } from './problem.ts';
import { refusal, replyTo } from './reply.ts';
import { generationOf } from './generation.ts';
import { isProblem, parseChatRequest, type ChatRequest } from './request.ts';
import { send } from './send.ts';

export interface ReplayOptions {
  readonly set: RecordedSet;
  /** Default: everything goes well. */
  readonly faults?: FaultPlanInput;
  /** Default: at once. */
  readonly latency?: Latency;
  /** Of what is drawn: faults and jitter. Default 0. */
  readonly seed?: number;
}

export interface ReplayApp {
  readonly app: Hono<ReplayEnv>;
  readonly meter: Meter;
  /** From now on the clients' connections are closed by us. */
  close(): void;
}

/**
 * The replay provider without its socket: OpenAI's chat completions and models under `/v1`, OpenRouter's
 * `GET /v1/generation?id=<response id>`, which tells what was billed; `GET` and `DELETE /meter`, `GET` and `PUT /faults`. It asks for no key.
 * @throws {ZodError} where the faults are none.
 */
export function createReplayApp({ set, faults = {}, latency = {}, seed = 0 }: ReplayOptions): ReplayApp {
  const lookup = createLookup(set);
  const meter = createMeter();
  let plan: FaultPlan = faultPlanSchema.parse(faults);
  let counts = new Map<string, number>();
  let closing = false;
  const countUp = (model: string, query: string): number => {
    const key = JSON.stringify([model, query]);
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    return nth;
  };
  const app = new Hono<ReplayEnv>();

  app.post('/v1/chat/completions', async (context) => {
    // A client that leaves while it sends its request has sent one that cannot be read.
    const wanted = resolve(lookup, await context.req.text().catch(() => ''));
    const [requestId, responseId] = [`req_${randomUUID()}`, `chatcmpl-${randomUUID()}`];
    const clientRequestId = context.req.header('x-client-request-id') ?? null;
    const arrival = { clientRequestId, requestId, responseId, model: wanted.model };
    const listen = (entry: OpenEntry): Connection =>
      connectionOf(context, () => {
        if (!closing) entry.abort();
      });
    const headers = { 'x-request-id': requestId };
    if (wanted.problem !== null) {
      const entry = meter.open({ ...arrival, queryId: null, fault: null, billed: null, cost: () => 0n });
      return send(refusal(wanted.problem), listen(entry), entry, { pace: AT_ONCE, headers });
    }
    const { request, model, queryId } = wanted;
    const key = { model, query: queryId, nth: countUp(model, queryId) };
    const fault = drawFault(plan, seed, key);
    const response =
      fault?.kind === 'wrong-answer'
        ? lookup.findWrong(model, wanted, drawUnit(seed, 'wrong', model, queryId, key.nth))
        : wanted.response;
    if (isProblem(response)) {
      const entry = meter.open({ ...arrival, queryId, fault: null, billed: null, cost: () => 0n });
      return send(refusal(response), listen(entry), entry, { pace: AT_ONCE, headers });
    }
    const completion = completionOf(response, request, responseId);
    const entry = meter.open({
      ...arrival,
      queryId,
      fault: fault?.kind ?? null,
      billed: isBilled(fault) ? completion.usage : null,
      cost: (usage) => lookup.cost(model, usage),
    });
    const pace = drawPace(latency, seed, key);
    return send(replyTo(request, completion, fault), listen(entry), entry, { pace, headers });
  });

  app.get('/v1/generation', (context) => {
    const id = context.req.query('id') ?? '';
    const entry = meter.entryOf(id);
    if (entry !== undefined) return context.json(generationOf(entry));
    return context.json(errorBody(badRequest(`There is no generation "${id}"`, 'id')), 404);
  });

  app.get('/v1/models', (context) =>
    context.json({
      object: 'list',
      data: Object.entries(set.models).map(([id, { provider }]) => ({
        id,
        object: 'model',
        created: 0,
        owned_by: provider,
      })),
    }),
  );

  app.get('/meter', (context) =>
    context.json({
      ...meter.summary(),
      ...(context.req.query('entries') !== 'false' && { entries: meter.entries() }),
    }),
  );
  app.delete('/meter', (context) => {
    meter.reset();
    return context.body(null, 204);
  });

  app.get('/faults', (context) => context.json(plan));
  // The counts of requests begin again, so that a rule's `nth` means what whoever changes the rules can see.
  app.put('/faults', async (context) => {
    const parsed = faultPlanSchema.safeParse(await context.req.json<unknown>().catch(() => null));
    if (!parsed.success) {
      const problems = parsed.error.issues.map(
        ({ path, message }) => `${path.join('.') || 'faults'}: ${message}`,
      );
      return context.json(errorBody(badRequest(problems.join('; '), 'faults')), 400);
    }
    plan = parsed.data;
    counts = new Map();
    return context.json(plan);
  });

  app.notFound((context) =>
    context.json(
      errorBody(badRequest(`${context.req.method} ${context.req.path} is not served here`, null)),
      404,
    ),
  );

  return {
    app,
    meter,
    close() {
      closing = true;
    },
  };
}

type Resolved =
  | { readonly model: string | null; readonly problem: Problem }
  | (Found & { readonly model: string; readonly problem: null; readonly request: ChatRequest });

function resolve(lookup: Lookup, body: string): Resolved {
  const request = parseChatRequest(body);
  if (isProblem(request)) return { model: null, problem: request };
  const found = lookup.find(request);
  const { model } = request;
  return isProblem(found) ? { model, problem: found } : { ...found, model, request, problem: null };
}
