import type { Client } from '@temporalio/client';
import { defaultPayloadConverter, type Payload, type PayloadCodec } from '@temporalio/common';
import { parseRequest } from '../core/request.ts';
import { requestHash } from '../core/request-hash.ts';

/**
 * The hash of the request that a query was started with, from the first event of its history: any Temporal client may have
 * started it. Null where it was started with something that is no request.
 */
export async function startedRequestHash(
  client: Client,
  codecs: readonly PayloadCodec[],
  workflowId: string,
): Promise<string | null> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({
    namespace: client.options.namespace,
    execution: { workflowId },
    maximumPageSize: 1,
  });
  const input = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input;
  let payloads: Payload[] = input?.payloads ?? [];
  for (const codec of codecs) payloads = await codec.decode(payloads);
  const [payload] = payloads;
  if (payload === undefined) return null;
  const parsed = parseRequest(defaultPayloadConverter.fromPayload(payload));
  return 'request' in parsed ? requestHash(parsed.request) : null;
}
