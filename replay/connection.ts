import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { Context } from 'hono';

/** What the server knows of a request's socket; in process, where there is none, bindings are missing. */
export interface ReplayEnv {
  readonly Bindings: Partial<HttpBindings>;
}

/** The line to one client, for as long as one request. */
export interface Connection {
  /** Aborts when the line is down, whoever closed it. */
  readonly gone: AbortSignal;
  /** Closes the socket, once what has been written to it has left; resolves when it is closed. */
  hangUp(): Promise<void>;
  /** What a handler returns when the line is down and nobody hears it. */
  nothing(): Response;
}

/** @param onAbort called when the client closes the line, not when {@link Connection.hangUp} does. */
export function connectionOf(context: Context<ReplayEnv>, onAbort: () => void): Connection {
  const gone = context.req.raw.signal;
  const outgoing = (context.env as ReplayEnv['Bindings'] | undefined)?.outgoing;
  let hungUp = false;
  const abort = (): void => {
    if (!hungUp) onAbort();
  };
  if (gone.aborted) abort();
  else gone.addEventListener('abort', abort, { once: true });
  return {
    gone,
    async hangUp() {
      hungUp = true;
      await nextTurn();
      if (outgoing === undefined || outgoing.destroyed) return;
      const closed = once(outgoing, 'close');
      outgoing.destroy();
      await closed;
    },
    // The fetch standard's network error is what a client sees in process.
    nothing: () => (outgoing === undefined ? Response.error() : RESPONSE_ALREADY_SENT),
  };
}
