import { setTimeout as sleep } from 'node:timers/promises';
import type { NativeConnection } from '@temporalio/worker';
import { SEARCH_ATTRIBUTES } from '../core/search-attributes.ts';

/** Temporal's own numbers for the types (`temporal.api.enums.v1.IndexedValueType`). */
const INDEXED_VALUE_TYPE = { KEYWORD: 2, INT: 3 } as const;

const PATIENCE_MS = 30_000;

/**
 * Registers the search attributes and waits until Temporal accepts them: a workflow that upserts an unknown one fails its
 * task again and again, and its query hangs.
 * @throws {Error} when they cannot be registered (on Temporal Cloud that needs its own tool); it says how to.
 */
export async function ensureSearchAttributes(connection: NativeConnection, namespace: string): Promise<void> {
  const attributes = Object.values(SEARCH_ATTRIBUTES);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = attributes.filter(({ name }) => !(name in customAttributes));
  if (missing.length > 0) {
    await connection.operatorService
      .addSearchAttributes({
        namespace,
        searchAttributes: Object.fromEntries(
          missing.map(({ name, type }) => [name, INDEXED_VALUE_TYPE[type]]),
        ),
      })
      .catch((error: unknown) => {
        // Another worker that starts at the same time may have been first.
        if (!/already/i.test(String(error))) throw cannotRegister(missing, error);
      });
  }
  await untilUsable(connection, namespace);
}

async function untilUsable(connection: NativeConnection, namespace: string): Promise<void> {
  const query = `${SEARCH_ATTRIBUTES.task.name} = '' and ${SEARCH_ATTRIBUTES.costMicroUsd.name} = 0`;
  const givesUpAt = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      await connection.workflowService.countWorkflowExecutions({ namespace, query });
      return;
    } catch (error) {
      if (Date.now() > givesUpAt) throw cannotRegister(Object.values(SEARCH_ATTRIBUTES), error);
      await sleep(100);
    }
  }
}

function cannotRegister(missing: readonly { name: string; type: string }[], cause: unknown): Error {
  const commands = missing.map(
    ({ name, type }) =>
      `temporal operator search-attribute create --name ${name} --type ${type === 'INT' ? 'Int' : 'Keyword'}`,
  );
  return new Error(
    `Temporal does not accept the search attributes that cascades are found by; register them: ${commands.join('; ')}`,
    { cause },
  );
}
