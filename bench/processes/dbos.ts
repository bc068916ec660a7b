/** The cascade on DBOS, whose package lies in a folder of its own: see `bench/peers/`. */
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';
import type { Ask } from '../run/jobs.ts';
import { baseUrlOf, isGood, MODELS, PROMPT, type Profile } from '../run/profiles.ts';

interface DbosOrders extends Orders {
  readonly databaseUrl: string;
  /** URL of `bench/peers/dbos/cascade.js`. */
  readonly module: string;
}

/** What that module exports. */
interface DbosModule {
  readonly startDbos: (options: {
    readonly databaseUrl: string;
    readonly chain: readonly string[];
    readonly messages: readonly object[];
    readonly baseUrlOf: (profile: Profile) => string;
    readonly isGood: (text: string) => boolean;
  }) => Promise<{ readonly ask: Ask; stop(): Promise<void> }>;
}

const { upstreamUrl, databaseUrl, module } = readOrders() as DbosOrders;
const { startDbos } = (await import(module)) as DbosModule;
const dbos = await startDbos({
  databaseUrl,
  chain: MODELS,
  messages: PROMPT,
  baseUrlOf: (profile) => baseUrlOf(upstreamUrl, profile),
  isGood,
});
serveJobs(dbos.ask, { stop: () => dbos.stop() });
