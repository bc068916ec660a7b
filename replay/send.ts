import { once } from 'node:events';
import type { Connection } from './connection.ts';
import { waitUnlessGone, type Pace } from './latency.ts';
import type { OpenEntry } from './meter.ts';
import type { Piece, Reply } from './reply.ts';

/**
 * Sends a reply at its pace. The meter's entry says what was sent before it is sent, so that whoever has a response finds
 * it metered. A client that leaves is sent no more.
 */
export async function send(
  reply: Reply,
  connection: Connection,
  entry: OpenEntry,
  { pace, headers: common }: { readonly pace: Pace; readonly headers: Readonly<Record<string, string>> },
): Promise<Response> {
  if (reply.type === 'silence') {
    if (!connection.gone.aborted) await once(connection.gone, 'abort');
    return connection.nothing();
  }
  if (!(await waitUnlessGone(pace.beforeMs, connection.gone))) return connection.nothing();
  if (reply.type === 'hang-up') {
    await connection.hangUp();
    return connection.nothing();
  }
  const { status, pieces, cut } = reply;
  const headers = { ...common, ...reply.headers };
  const [only] = pieces;
  if (only !== undefined && pieces.length === 1 && !cut) {
    if (!(await waitUnlessGone(only.tokens * pace.perTokenMs, connection.gone))) return connection.nothing();
    entry.answer(status);
    if (only.reported !== null) entry.report(only.reported);
    return new Response(only.text, { status, headers });
  }
  entry.answer(status);
  // Without this header the server would hold the first pieces back, to see whether they are all.
  const chunked = { ...headers, 'transfer-encoding': 'chunked' };
  return new Response(streamOf(pieces, cut, connection, entry, pace), { status, headers: chunked });
}

function streamOf(
  pieces: readonly Piece[],
  cut: boolean,
  connection: Connection,
  entry: OpenEntry,
  pace: Pace,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const piece = pieces[next++];
        if (piece === undefined) {
          if (!cut) {
            controller.close();
            return;
          }
          await connection.hangUp();
          // Over a socket the stream has been cancelled by now, and this says nothing; in process it is the cut.
          controller.error(new Error('the replay provider cut the response (a fault)'));
          return;
        }
        if (!(await waitUnlessGone(piece.tokens * pace.perTokenMs, connection.gone))) return;
        if (piece.reported !== null) entry.report(piece.reported);
        controller.enqueue(encoder.encode(piece.text));
      },
    },
    // One piece at a time: none is made, and none is reported, before the one in front of it has left.
    { highWaterMark: 0 },
  );
}
