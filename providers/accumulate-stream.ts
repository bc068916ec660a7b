import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream';
import { fieldsIn, firstChoice, isFields, type Fields } from './json.ts';

/** Puts a stream's chunks together into one chat completion. */
export interface Accumulator {
  /** Chunks in the order in which they came. */
  add(chunk: Fields): void;
  /**
   * What came, as the body of a response that did not stream; null where nothing came. To be called once, however the
   * stream ended: a stream that was cut gives what there was.
   * @throws {Error} when the chunks do not fit together.
   */
  end(): Promise<Fields | null>;
}

/**
 * The SDK's own accumulator, fed with chunks that have been made regular first: vendors leave out the role, the type or
 * index of a tool call, and change the id from chunk to chunk, all of which it rejects. Fields that it does not know
 * (`reasoning_content`, `reasoning_details`) it would overwrite with the latest chunk's: they are joined here.
 */
export function createAccumulator(): Accumulator {
  let feed: ReadableStreamDefaultController<Uint8Array> | null = null;
  const lines = new ReadableStream<Uint8Array>({
    start(controller) {
      feed = controller;
    },
  });
  const encoder = new TextEncoder();
  const extras: Record<string, unknown> = {};
  const regular = createRegulariser(extras);
  const runner = ChatCompletionStream.fromReadableStream(lines);
  let snapshot: Fields | null = null;
  let finished = false;
  runner.on('chunk', (_chunk, soFar) => {
    snapshot = soFar as unknown as Fields;
  });
  // Listened for from the start: the SDK reports an error that nobody waits for as an unhandled rejection.
  const done = runner.done().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
  );

  return {
    add(chunk) {
      // Seen here, since the SDK tells of no chunk that it stumbles over.
      finished ||= Boolean(firstChoice(chunk)['finish_reason']);
      feed?.enqueue(encoder.encode(`${JSON.stringify(regular(chunk))}\n`));
    },
    async end() {
      feed?.close();
      const error = await done;
      // Of a stream that was cut it says that a finish_reason is missing, or that no chunk came: the caller knows.
      if (error !== null && finished) throw error;
      return snapshot === null ? null : withExtras(snapshot, extras);
    },
  };
}

/** @param extras collects the delta's unknown fields. */
function createRegulariser(extras: Record<string, unknown>): (chunk: Fields) => Fields {
  let id: unknown = null;
  let toolCalls = 0;

  const regularCall = (call: Fields): Fields => {
    // Without an index, a call with an id is a new one, and anything else continues the last.
    const guess = call['id'] || toolCalls === 0 ? toolCalls : toolCalls - 1;
    const index = typeof call['index'] === 'number' ? call['index'] : guess;
    toolCalls = Math.max(toolCalls, index + 1);
    return { ...call, index, type: call['type'] ?? 'function' };
  };

  const regularDelta = (delta: Fields): Fields => {
    const { role, content, refusal, tool_calls: calls, function_call, audio, ...rest } = delta;
    for (const [key, value] of Object.entries(rest)) extras[key] = joined(extras[key], value);
    const known = { role: role ?? 'assistant', content, refusal, function_call, audio };
    if (!Array.isArray(calls)) return known;
    return { ...known, tool_calls: (calls as unknown[]).filter(isFields).map(regularCall) };
  };

  return (chunk) => {
    id ??= chunk['id'] ?? 'unknown';
    const choices = Array.isArray(chunk['choices']) ? (chunk['choices'] as unknown[]).filter(isFields) : [];
    return {
      ...chunk,
      id,
      choices: choices
        .filter((choice) => (choice['index'] ?? 0) === 0)
        .map((choice) => ({
          ...choice,
          index: 0,
          ...(isFields(choice['delta']) && { delta: regularDelta(choice['delta']) }),
        })),
    };
  };
}

function joined(before: unknown, value: unknown): unknown {
  if (value === null || value === undefined) return before;
  if (typeof before === 'string' && typeof value === 'string') return before + value;
  if (Array.isArray(before) && Array.isArray(value)) {
    before.push(...(value as unknown[]));
    return before;
  }
  return value;
}

function withExtras(completion: Fields, extras: Fields): Fields {
  const choices = Array.isArray(completion['choices']) ? (completion['choices'] as unknown[]) : [];
  return {
    ...completion,
    choices: choices
      .filter(isFields)
      .map((choice) => ({ ...choice, message: { ...extras, ...fieldsIn(choice, 'message') } })),
  };
}
