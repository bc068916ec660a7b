import { readRecordedSet } from '../../recorded/read.ts';
import { startReplay } from '../../replay/server.ts';
import { requirePort } from '../../local/ports.ts';
import { aborted } from '../aborted.ts';
import type { Context } from '../context.ts';

/** Serves a recorded set as an OpenAI-compatible vendor. */
export async function replayCommand(
  context: Context,
  options: { recorded: string; port: number; latency: number },
): Promise<void> {
  await requirePort(options.port, 'replay provider', '--port');
  const set = await readRecordedSet(options.recorded, { evidence: 'all' });
  const replay = await startReplay({ set, port: options.port, latency: { fixedMs: options.latency } });
  const origin = replay.url.replace(/\/v1$/, '');
  if (context.json) context.out(JSON.stringify({ url: replay.url, models: Object.keys(set.models) }));
  context.say(`Replaying ${set.queries.length} queries of ${Object.keys(set.models).length} models.
  base_url   ${replay.url}
  its meter  ${origin}/meter
  faults     ${origin}/faults (GET, PUT)
Ctrl-C stops.`);
  await aborted(context.signal);
  await replay.close();
}
