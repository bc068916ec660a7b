import { randomUUID } from 'node:crypto';
import { Hono, type Context } from 'hono';
import { drawUnit } from '../recorded/random.ts';
import type { RecordedSet } from '../recorded/read.ts';
import { completionOf, type Completion } from './completion.ts';
import { connectionOf, type Connection, type ReplayEnv } from './connection.ts';
import { drawFault, faultPlanSchema, isBilled, type FaultPlan, type FaultPlanInput } from './faults.ts';
import { AT_ONCE, drawPace, type Latency } from './latency.ts';
import { createLookup, type Lookup } from './lookup.ts';
import { createMeter, type Meter, type OpenEntry } from './meter.ts';
import { badRequest, errorBody, type Problem } from './problem.ts';
import { refusal, replyTo } from './reply.ts';
import { generationOf } from './generation.ts';
import { isProblem, parseChatRequest, parseEmbeddingsRequest, type ChatRequest } from './request.ts';
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
 * The replay provider without its socket: OpenAI's chat completions, embeddings and models under `/v1`, OpenRouter's
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

  const answer = async (
    context: Context<ReplayEnv>,
    resolve: (body: string) => Resolved,
    prefix: string,
  ): Promise<Response> => {
    // A client that leaves while it sends its request has sent one that cannot be read.
    const wanted = resolve(await context.req.text().catch(() => ''));
    const [requestId, responseId] = [`req_${randomUUID()}`, `${prefix}-${randomUUID()}`];
    const clientRequestId = context.req.header('x-client-request-id') ?? null;
    const arrival = { clientRequestId, requestId, responseId, model: wanted.model };
    const listen = (entry: OpenEntry): Connection =>
      connectionOf(context, () => {
        if (!closing) entry.abort();
      });
    const headers = { 'x-request-id': requestId };
    const refuse = (problem: Problem, queryId: string | null): Promise<Response> => {
      const entry = meter.open({ ...arrival, queryId, fault: null, billed: null, cost: () => 0n });
      return send(refusal(problem), listen(entry), entry, { pace: AT_ONCE, headers });
    };
    if (wanted.problem !== null) return refuse(wanted.problem, null);
    const { model, queryId } = wanted;
    const key = { model, query: queryId, nth: countUp(model, queryId) };
    const fault = drawFault(plan, seed, key);
    const completion = wanted.completion(responseId, fault?.kind === 'wrong-answer', () =>
      drawUnit(seed, 'wrong', model, queryId, key.nth),
    );
    if (isProblem(completion)) return refuse(completion, queryId);
    const entry = meter.open({
      ...arrival,
      queryId,
      fault: fault?.kind ?? null,
      billed: isBilled(fault) ? completion.usage : null,
      cost: (usage) => lookup.cost(model, usage),
    });
    const pace = drawPace(latency, seed, key);
    return send(replyTo(wanted.streaming, completion, fault), listen(entry), entry, { pace, headers });
  };

  app.post('/v1/chat/completions', (context) =>
    answer(context, (body) => resolveChat(lookup, body), 'chatcmpl'),
  );
  app.post('/v1/embeddings', (context) => answer(context, (body) => resolveEmbeddings(lookup, body), 'embd'));

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

/** A request that can be answered. */
interface Wanted {
  readonly model: string;
  readonly problem: null;
  readonly queryId: string;
  /** @param wrong whether a wrong answer is to be given. @param draw in [0, 1): which of them. */
  readonly completion: (responseId: string, wrong: boolean, draw: () => number) => Completion | Problem;
  readonly streaming: Pick<ChatRequest, 'stream' | 'stream_options'>;
}

type Resolved = { readonly model: string | null; readonly problem: Problem } | Wanted;

function resolveChat(lookup: Lookup, body: string): Resolved {
  const request = parseChatRequest(body);
  if (isProblem(request)) return { model: null, problem: request };
  const found = lookup.find(request);
  const { model } = request;
  if (isProblem(found)) return { model, problem: found };
  return {
    ...{ model, problem: null, queryId: found.queryId, streaming: request },
    completion(responseId, wrong, draw) {
      const response = wrong ? lookup.findWrong(model, found, draw()) : found.response;
      return isProblem(response) ? response : completionOf(response, request, responseId);
    },
  };
}

function resolveEmbeddings(lookup: Lookup, body: string): Resolved {
  const request = parseEmbeddingsRequest(body);
  if (isProblem(request)) return { model: null, problem: request };
  const found = lookup.findVectors(request);
  const { model } = request;
  if (isProblem(found)) return { model, problem: found };
  const { queryId, vectors, usage } = found;
  return {
    ...{ model, problem: null, queryId, streaming: {} },
    completion: (responseId, wrong) =>
      wrong
        ? badRequest('An embedding has no wrong answer', 'input', 'no_wrong_answer')
        : { ...{ responseId, model, usage, vectors, text: '' }, finishReason: 'stop', logprobs: null },
  };
}
