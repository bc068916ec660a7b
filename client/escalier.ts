import {
  Client,
  Connection,
  type ConnectionLike,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type ConnectionOptions,
} from '@temporalio/client';
import type { PayloadCodec } from '@temporalio/common';
import { v4 as uuidv4 } from 'uuid';
import { createPayloadCodec } from '../codec/payload-codec.ts';
import { parseKeys } from '../codec/keys.ts';
import type { AnswersHere } from '../core/answers-here.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { parseFeedback, parseReview, type Feedback, type Labelled } from '../core/feedback.ts';
import { parseRequest, type CascadeRequest } from '../core/request.ts';
import { requestHash, sha256 } from '../core/request-hash.ts';
import type { AttemptSummary, CascadeAnswer } from '../core/result.ts';
import { spendFromJson, spendToJson, sumSpend } from '../core/spend.ts';
import {
  CANCEL_WORKFLOW_ID,
  CANCEL_WORKFLOW_TYPE,
  FEEDBACK_WORKFLOW_TYPE,
  TASK_QUEUE,
  WORKFLOW_TYPE,
  feedbackWorkflowId,
} from '../core/temporal-names.ts';
import { CancelledError, plainError, type CascadeError } from './errors.ts';
import { toCascadeError, unavailable } from './failures.ts';
import { startedRequestHash } from './started-request.ts';
import { listenHere } from './told-here.ts';

const REQUEST_HASH = 'escalierRequestSha256';

/** Temporal's own limit on a workflow id. */
const LONGEST_KEY_BYTES = 1000;

/** How long a cancelled query is asked what it cost: only a worker that is up can say. */
const LAST_WORD_MS = 5_000;

/** A cancel that no worker has carried on by then is of no use: Temporal's own has been heard. */
const ANNOUNCED_WITHIN_MS = 60_000;

export interface EscalierOptions {
  /** Temporal's gRPC address. Default `localhost:7233`. */
  readonly address?: string;
  /** Temporal namespace. Default `default`. */
  readonly namespace?: string;
  /** Task queue of the workers. Default `escalier`. */
  readonly taskQueue?: string;
  /** As for a Temporal connection: certificates for mTLS, or `true` for TLS. */
  readonly tls?: ConnectionOptions['tls'];
  /** An API key of Temporal Cloud. */
  readonly apiKey?: string;
  /** The payload key(s), when the workers encrypt: see the docs on the codec. */
  readonly payloadKey?: string;
  /** A connection to use instead of opening one, which is then not closed by {@link Escalier.close}. */
  readonly connection?: ConnectionLike;
  /**
   * The worker of this very process, on the same namespace and task queue: over its connection it is handed each query as it
   * starts, without a round through Temporal's task queue, and it tells the answer of one that it climbs by itself as soon as the
   * ledger has it, while the workflow still writes it down.
   */
  readonly worker?: WorkerHere;
}

/** What a client needs of a worker in its own process. */
export interface WorkerHere {
  readonly connection: ConnectionLike;
  readonly answers: AnswersHere;
}

/** What to ask: the workflow's request, and the key under which it is asked and billed once. */
export interface Ask extends CascadeRequest {
  /**
   * The same key is the same cascade: asked again, it gives the same answer and is not billed again. 1 to 1,000 bytes; a
   * random one by default.
   */
  readonly idempotencyKey?: string;
}

/** What somebody says of an answer: whether it is right, how good it is, or what would have been right. */
export interface AnswerFeedback extends Pick<Feedback, 'attempt' | 'correct' | 'grade' | 'answer'> {
  /** Who says so, by name: a source has one word per answer, its last. Default `caller`. */
  readonly source?: string;
  /** Whether the source is a person who looked at the answer. Default `caller`. */
  readonly sourceKind?: Feedback['sourceKind'];
}

/** A query that was started. */
export interface StartedQuery {
  /** The idempotency key, which is the Temporal workflow id. */
  readonly id: string;
  result(): Promise<CascadeAnswer>;
}

/**
 * Asks cascades from a backend service. Pure JavaScript: it hosts no worker. One instance serves a whole process; close it
 * when the process ends.
 */
export class Escalier {
  private readonly options: EscalierOptions;
  private readonly codecs: readonly PayloadCodec[];
  private connected: Promise<{ client: Client; own: Connection | null }> | undefined;

  /** @throws {Error} when the payload key is none. Nothing is connected yet. */
  constructor(options: EscalierOptions = {}) {
    this.options = options;
    const { payloadKey } = options;
    this.codecs = payloadKey === undefined ? [] : [createPayloadCodec(parseKeys(payloadKey))];
  }

  /**
   * Asks and waits for the answer.
   * @throws {CascadeError} with what was spent all the same; see its subclasses.
   */
  async ask(ask: Ask): Promise<CascadeAnswer> {
    const query = await this.start(ask);
    return query.result();
  }

  /**
   * Starts a query and returns when Temporal has it on disk: from then on it survives the crash of anything.
   * @throws {BadRequestError} before anything is sent; {@link KeyConflictError} when the key runs with another request.
   */
  async start({ idempotencyKey, ...ask }: Ask): Promise<StartedQuery> {
    const parsed = parseRequest(ask);
    if ('problems' in parsed) {
      throw plainError('bad-request', `the request is not one: ${parsed.problems.join('; ')}`);
    }
    const id = idempotencyKey ?? uuidv4();
    const bytes = new TextEncoder().encode(id).length;
    if (bytes < 1 || bytes > LONGEST_KEY_BYTES) {
      throw plainError(
        'bad-request',
        `the idempotency key has ${bytes} bytes: give it 1 to ${LONGEST_KEY_BYTES}, or none for a random one`,
      );
    }
    const hash = requestHash(parsed.request);
    const client = await this.client();
    const { worker } = this.options;
    const here = worker && listenHere(worker.answers, id);
    try {
      const { eagerlyStarted } = await client.workflow.start(WORKFLOW_TYPE, {
        workflowId: id,
        taskQueue: this.options.taskQueue ?? TASK_QUEUE,
        args: [parsed.request],
        staticSummary: parsed.request.task,
        memo: { [REQUEST_HASH]: hash },
        // A query that ended with an answer keeps its key; one that failed may go on where it stopped.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        workflowIdConflictPolicy: 'FAIL',
        ...(worker === undefined ? {} : { requestEagerStart: true }),
      });
      if (!eagerlyStarted) here?.forget();
    } catch (error) {
      here?.forget();
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw toCascadeError(error, id);
      await this.requireSameRequest(client, id, hash);
    }
    return { id, result: async () => (await here?.answer) ?? this.result(id) };
  }

  /** Waits for the answer of a query by its id. @throws {CascadeError} as {@link ask}. */
  async result(id: string): Promise<CascadeAnswer> {
    const client = await this.client();
    try {
      return (await client.workflow.getHandle(id).result()) as CascadeAnswer;
    } catch (error) {
      const known = toCascadeError(error, id);
      throw known instanceof CancelledError && known.queryId === null
        ? await this.withSpend(known, client, id)
        : known;
    }
  }

  /** What a query has bought so far, while it runs or after. Needs a worker to answer. */
  async attempts(id: string): Promise<readonly AttemptSummary[]> {
    const client = await this.client();
    try {
      return await client.workflow.getHandle(id).query<readonly AttemptSummary[]>('attempts');
    } catch (error) {
      throw toCascadeError(error, id);
    }
  }

  /** Cancels a query: its request is aborted within about a second. A query that has ended stays as it is. */
  async cancel(id: string): Promise<void> {
    const client = await this.client();
    try {
      const { runId, status } = await client.workflow.getHandle(id).describe();
      if (status.name !== 'RUNNING') return;
      await client.workflow
        .getHandle(id, runId)
        .cancel()
        .catch((error: unknown) => {
          // It has ended in between.
          if (!(error instanceof WorkflowNotFoundError)) throw error;
        });
      await this.announceCancel(client, id, runId);
    } catch (error) {
      throw toCascadeError(error, id);
    }
  }

  /**
   * Labels a query's answer in the ledger, by the query's id or its idempotency key. The same word given again changes
   * nothing. Needs a worker.
   * @throws {BadRequestError} when the word is none, or the query is unknown or has no such answer.
   */
  async feedback(
    query: string,
    { source = 'caller', sourceKind = 'caller', ...word }: AnswerFeedback,
  ): Promise<Labelled> {
    const parsed = parseFeedback({ query, source, sourceKind, ...word });
    if ('problems' in parsed) {
      throw plainError('bad-request', `the feedback is none: ${parsed.problems.join('; ')}`);
    }
    const client = await this.client();
    const workflowId = feedbackWorkflowId(sha256(canonicalJson(parsed.feedback)));
    try {
      return (await client.workflow.execute(FEEDBACK_WORKFLOW_TYPE, {
        workflowId,
        taskQueue: this.options.taskQueue ?? TASK_QUEUE,
        args: [parsed.feedback],
        // Another word in between may have to be taken back.
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'USE_EXISTING',
      })) as Labelled;
    } catch (error) {
      throw toCascadeError(error, workflowId);
    }
  }

  /**
   * Gives a person's word to a query that waits for a review, by its idempotency key: whether the proposed answer is right,
   * or the answer to serve. It also labels the query's responses.
   * @throws {BadRequestError} when the word is none, or the query does not wait for one (any more).
   */
  async review(
    id: string,
    { source = 'reviewer', ...word }: Omit<AnswerFeedback, 'attempt' | 'sourceKind'>,
  ): Promise<void> {
    const parsed = parseReview({ source, ...word });
    if ('problems' in parsed) {
      throw plainError('bad-request', `the review is none: ${parsed.problems.join('; ')}`);
    }
    const client = await this.client();
    try {
      await client.workflow.getHandle(id).executeUpdate('review', { args: [parsed.review] });
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError || error instanceof WorkflowNotFoundError) {
        const why = error.cause instanceof Error ? `: ${error.cause.message}` : '';
        throw plainError('bad-request', `query "${id}" does not wait for this review${why}`, error);
      }
      throw toCascadeError(error, id);
    }
  }

  /** To a request within the workflow's own task, which does not hear Temporal while it runs. */
  private async announceCancel(client: Client, workflowId: string, runId: string): Promise<void> {
    await client.workflow.start(CANCEL_WORKFLOW_TYPE, {
      workflowId: `${CANCEL_WORKFLOW_ID}-${runId}`,
      taskQueue: this.options.taskQueue ?? TASK_QUEUE,
      args: [{ workflowId, runId }],
      // Cancelled again, it is announced again, unless that is under way.
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowExecutionTimeout: ANNOUNCED_WITHIN_MS,
    });
  }

  async close(): Promise<void> {
    const connected = await this.connected?.catch(() => undefined);
    this.connected = undefined;
    await connected?.own?.close();
  }

  /** Temporal drops the details of a workflow that ended as cancelled; its query handler still has the attempts. */
  private async withSpend(error: CancelledError, client: Client, id: string): Promise<CascadeError> {
    try {
      const attempts = await client.withDeadline(Date.now() + LAST_WORD_MS, () => this.attempts(id));
      const spend = spendToJson(sumSpend(attempts.map(spendFromJson)));
      return new CancelledError({ ...error.toJSON(), ...spend, attempts }, error.cause);
    } catch {
      // Without a worker the cost stays unknown, and the error says so.
      return error;
    }
  }

  private async requireSameRequest(client: Client, id: string, hash: string): Promise<void> {
    let known: unknown;
    try {
      const { memo } = await client.workflow.getHandle(id).describe();
      known = memo?.[REQUEST_HASH] ?? (await startedRequestHash(client, this.codecs, id));
    } catch (error) {
      throw toCascadeError(error, id);
    }
    if (known !== hash) {
      throw plainError(
        'key-conflict',
        `the idempotency key "${id}" was used for another request: send the same request again, or choose another key`,
      );
    }
  }

  private async client(): Promise<Client> {
    this.connected ??= connect(this.options, this.codecs);
    try {
      return (await this.connected).client;
    } catch (error) {
      // The next call tries again: the server may be starting.
      this.connected = undefined;
      throw unavailable(error instanceof Error ? error.message : String(error), error);
    }
  }
}

async function connect(
  options: EscalierOptions,
  payloadCodecs: readonly PayloadCodec[],
): Promise<{ client: Client; own: Connection | null }> {
  const { address = 'localhost:7233', namespace = 'default', tls, apiKey } = options;
  const clientOn = (connection: ConnectionLike): Client =>
    new Client({ connection, namespace, dataConverter: { payloadCodecs: [...payloadCodecs] } });
  const given = options.worker?.connection ?? options.connection;
  if (given !== undefined) return { client: clientOn(given), own: null };
  const own = await Connection.connect({
    address,
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
  });
  return { client: clientOn(own), own };
}
