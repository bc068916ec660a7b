import type { Payload } from '@temporalio/common';
import proto from '@temporalio/proto';
import { z } from 'zod';

const PayloadProto = proto.temporal.api.common.v1.Payload;

/** Standard or URL-safe, padded or not: protobuf's JSON allows each. */
const base64 = z.string().regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'expected base64');

/**
 * `temporal.api.common.v1.Payloads` in protobuf's JSON: bytes are base64, absent and null are the same, and fields that
 * a later server adds are let through for the protobuf library to know or to drop.
 */
const payloadsSchema = z.object({
  payloads: z
    .array(
      z.looseObject({
        metadata: z.record(z.string(), base64).nullish(),
        data: base64.nullish(),
      }),
    )
    .nullish(),
});

/** The payloads of a request's body, or what is wrong with it. */
export function payloadsFromJson(body: unknown): { payloads: Payload[] } | { problem: string } {
  const parsed = payloadsSchema.safeParse(body);
  if (!parsed.success) return { problem: z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ') };
  return { payloads: (parsed.data.payloads ?? []).map((payload) => PayloadProto.fromObject(payload)) };
}

/** As Temporal's own JSON has it: what is empty is left out. */
export function payloadsToJson(payloads: readonly Payload[]): object {
  return {
    payloads: payloads.map((payload) =>
      PayloadProto.toObject(PayloadProto.fromObject(payload), { bytes: String, longs: String }),
    ),
  };
}
