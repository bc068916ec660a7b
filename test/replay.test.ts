import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, test } from 'vitest';
import { bundleWorkflows } from '../worker/workflow-source.ts';
import { HISTORIES } from './support/recorder.ts';

interface History {
  events: { eventType: string; [attributes: string]: unknown }[];
}

const names = (await readdir(HISTORIES)).filter((name) => name.endsWith('.json'));
let code: string;

beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { filter: 'ERROR' } },
  });
  code = await bundleWorkflows();
});

async function read(name: string): Promise<History> {
  return JSON.parse(await readFile(join(HISTORIES, name), 'utf8')) as History;
}

async function replay(history: History): Promise<Error | undefined> {
  const results = Worker.runReplayHistories({ workflowBundle: { code } }, [
    { workflowId: 'replayed', history },
  ]);
  for await (const { error } of results) return error;
  throw new Error('nothing was replayed');
}

/** The history with one event's attributes changed; which one is told by the attributes' name. */
function changed(
  history: History,
  attributes: string,
  change: (value: Record<string, unknown>) => void,
): History {
  const copy = structuredClone(history);
  const event = copy.events.find((candidate) => attributes in candidate);
  if (event === undefined) throw new Error(`the history has no ${attributes}`);
  change(event[attributes] as Record<string, unknown>);
  return copy;
}

describe('histories of real runs', () => {
  test('there are some of every kind', () => {
    expect(names).toEqual(
      expect.arrayContaining(
        [
          'accepted',
          'audit',
          'budget',
          'cancelled',
          'escalated-with-retry',
          'inline',
          // As they were when each stage was a local activity of its own.
          'inline-stage-by-stage',
          'inline-stage-by-stage-with-retry',
          'inline-with-retry',
          'judge',
          'relearn',
        ].map((name) => `${name}.json`),
      ),
    );
  });

  test.each(names)('%s replays on this code', async (name) => {
    expect(await replay(await read(name))).toBeUndefined();
  });

  test.each(names)('%s names no machine', async (name) => {
    const text = await readFile(join(HISTORIES, name), 'utf8');
    const texts = [text, ...encodedIn(text)].join('\n');
    for (const secret of ['/node_modules/', 'file://', '/home/', '/root/', process.cwd()]) {
      expect(texts).not.toContain(secret);
    }
    const identities = [...text.matchAll(/"identity": "([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(identities)).toEqual(new Set(['test']));
  });
});

describe('what a history does not allow is noticed', () => {
  test('another activity', async () => {
    const history = changed(
      await read('accepted.json'),
      'activityTaskScheduledEventAttributes',
      (attributes) => {
        attributes['activityType'] = { name: 'score' };
      },
    );
    expect(await replay(history)).toBeInstanceOf(DeterminismViolationError);
  });

  test('another decision: the response that was accepted is now one that nobody would accept', async () => {
    const history = await read('accepted.json');
    const scored = history.events.find(
      (event) =>
        event.eventType === 'EVENT_TYPE_MARKER_RECORDED' &&
        encodedIn(JSON.stringify(event)).some((text) => text.startsWith('{"scores":')),
    )!;
    const lowered = JSON.stringify(scored).replaceAll(
      /"([A-Za-z0-9+/=]{40,})"/g,
      (_whole, base64: string) => {
        const text = Buffer.from(base64, 'base64').toString().replace('"confidence":1', '"confidence":0');
        return JSON.stringify(Buffer.from(text).toString('base64'));
      },
    );
    history.events[history.events.indexOf(scored)] = JSON.parse(lowered) as History['events'][number];
    expect(await replay(history)).toBeInstanceOf(DeterminismViolationError);
  });
});

/** Payloads are base64 in a history's JSON. */
function encodedIn(text: string): string[] {
  return [...text.matchAll(/"data": ?"([A-Za-z0-9+/=]+)"/g)].map((match) =>
    Buffer.from(match[1]!, 'base64').toString(),
  );
}
