import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { ConnectedProvider, Ports } from '../../activities/index.ts';
import type { Provider } from '../../providers/provider.ts';
import type { Point } from './kill-plan.ts';

/** Called wherever the process comes past a point; it may not return. */
export type Passing = (point: Point) => void;

/** The replay vendor answers no sooner than this (ms) after it has the request: see the latency in `cast.ts`. */
const REQUEST_IS_OUT_MS = 60;

/** The statement that tells which transaction a `commit` is about to commit. */
const COMMITS: Readonly<Record<string, Point>> = {
  'insert-intent': 'intent-before-commit',
  'close-attempt': 'close-before-commit',
  'close-or-fail': 'close-before-commit',
  'end-query': 'end-before-commit',
};

/** Statements that are transactions of their own. */
const ALONE: Readonly<Record<string, Point>> = {
  'start-new-query': 'plan-before-commit',
  'open-at-once': 'intent-before-commit',
  'close-at-once': 'close-before-commit',
};

/** Tells of every commit of the pool before it is sent. */
export function watchCommits(pool: pg.Pool, passing: Passing): void {
  pool.on('connect', (client) => {
    let point: Point | undefined;
    const send = client.query.bind(client) as (...args: unknown[]) => unknown;
    const watched = (...args: unknown[]): unknown => {
      const [statement] = args;
      if (String(statement).startsWith('begin')) point = undefined;
      if (statement === 'commit' && point !== undefined) passing(point);
      if (typeof statement === 'object' && statement !== null && 'name' in statement) {
        const alone = ALONE[String(statement.name)];
        if (alone !== undefined) passing(alone);
        point = COMMITS[String(statement.name)] ?? point;
      }
      return send(...args);
    };
    client.query = watched as typeof client.query;
  });
}

/** The same ports, which tell of every point that is not a commit. */
export function watchPorts(ports: Ports, passing: Passing): Ports {
  const { ledger } = ports;
  return {
    ...ports,
    provider(name) {
      const connected = ports.provider(name);
      return connected && watchProvider(connected, passing);
    },
    ledger: {
      ...ledger,
      async closeAttempt(close) {
        await ledger.closeAttempt(close);
        passing('close-committed');
      },
      async openAttempt(intent, closing) {
        const opened = await ledger.openAttempt(intent, closing);
        if (closing !== undefined) passing('close-committed');
        return opened;
      },
      async endQuery(end, closing) {
        const ended = await ledger.endQuery(end, closing);
        passing('end-committed');
        return ended;
      },
    },
  };
}

function watchProvider(connected: ConnectedProvider, passing: Passing): ConnectedProvider {
  const { provider } = connected;
  const watched: Provider = {
    name: provider.name,
    async request(request, signal) {
      passing('intent-committed');
      const outcome = provider.request(request, signal);
      await Promise.race([outcome, sleep(REQUEST_IS_OUT_MS)]);
      passing('request-sent');
      await outcome;
      passing('response-received');
      return outcome;
    },
  };
  return { ...connected, provider: watched };
}
