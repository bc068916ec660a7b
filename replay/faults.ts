import { z } from 'zod';
import { drawUnit } from '../recorded/random.ts';

/**
 * What a vendor does wrong, and whether it bills for it. `unbilled` faults cost nothing; the others cost what the whole
 * response costs.
 */
const kinds = [
  /** 429 with Retry-After; unbilled. */
  z.strictObject({ kind: z.literal('rate-limit'), retry_after_seconds: z.number().min(0).default(1) }),
  /** 500. */
  z.strictObject({ kind: z.literal('server-error'), billed: z.boolean().default(false) }),
  /** 500 whose body carries the usage. */
  z.strictObject({ kind: z.literal('error-with-usage') }),
  /** No answer until the client hangs up. */
  z.strictObject({ kind: z.literal('stall') }),
  /** The socket closes before the first byte of the response. */
  z.strictObject({ kind: z.literal('cut-connection'), billed: z.boolean().default(true) }),
  /** The socket closes half-way through the response. */
  z.strictObject({ kind: z.literal('cut-stream') }),
  /** 200 with JSON that breaks off. */
  z.strictObject({ kind: z.literal('malformed-json') }),
  /** 200 with the usage and no text. */
  z.strictObject({ kind: z.literal('empty-content') }),
  /** 200 whose usage is the billed one times `factor`, and always differs from it. */
  z.strictObject({ kind: z.literal('wrong-usage'), factor: z.number().min(0).default(0.5) }),
  /** 200 as ever, but wrong: what the model rightly answered to a query with another reference. Nothing tells it from a right one. */
  z.strictObject({ kind: z.literal('wrong-answer') }),
] as const;

const faultSchema = z.discriminatedUnion('kind', [...kinds]);

/** A rule holds for the requests that match all it names. */
const ruleSchema = z.strictObject({
  model: z.string().optional(),
  /** The recorded query's id, or several. */
  query: z.union([z.string(), z.array(z.string()).min(1)]).optional(),
  /** Which requests of one model and query, counted from 1. */
  nth: z.union([z.int().min(1), z.array(z.int().min(1)).min(1)]).optional(),
  /** The share of these requests that it holds for, drawn for each; the others go on to the next rule. Default: all. */
  probability: z.number().min(0).max(1).optional(),
  /** Null: such requests go well whatever the rates say. */
  fault: faultSchema.nullable(),
});

const rateSchema = z.strictObject({ probability: z.number().min(0).max(1), fault: faultSchema });

/** The first rule that matches decides; where none does, the rates draw one fault or none. */
export const faultPlanSchema = z.strictObject({
  rules: z.array(ruleSchema).default([]),
  rates: z
    .array(rateSchema)
    .default([])
    .refine((rates) => rates.reduce((sum, { probability }) => sum + probability, 0) <= 1 + 1e-9, {
      message: 'the probabilities add up to more than 1',
    }),
});

export type Fault = z.infer<typeof faultSchema>;
export type FaultPlan = z.infer<typeof faultPlanSchema>;
/** A plan as it is written, defaults left out. */
export type FaultPlanInput = z.input<typeof faultPlanSchema>;

/** One request as faults see it. */
export interface RequestKey {
  readonly model: string;
  readonly query: string;
  /** Its number among the requests of this model and query, from 1. */
  readonly nth: number;
}

/**
 * What goes wrong with a request, or null. It depends on the seed and the request's key alone: concurrent requests of other
 * models and queries may arrive in any order.
 */
export function drawFault(plan: FaultPlan, seed: number, key: RequestKey): Fault | null {
  const rule = plan.rules.find(
    ({ model, query, nth, probability }, at) =>
      (model === undefined || model === key.model) &&
      (query === undefined ||
        query === key.query ||
        (typeof query !== 'string' && query.includes(key.query))) &&
      (nth === undefined || [nth].flat().includes(key.nth)) &&
      (probability === undefined || drawUnit(seed, 'rule', at, key.model, key.query, key.nth) < probability),
  );
  if (rule !== undefined) return rule.fault;
  const draw = drawUnit(seed, 'fault', key.model, key.query, key.nth);
  let reached = 0;
  for (const { probability, fault } of plan.rates) {
    reached += probability;
    if (draw < reached) return fault;
  }
  return null;
}

/** Whether the vendor bills for a request that goes wrong so. */
export function isBilled(fault: Fault | null): boolean {
  if (fault === null) return true;
  return 'billed' in fault ? fault.billed : fault.kind !== 'rate-limit';
}
