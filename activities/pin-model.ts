import { formatUsd } from '../core/money.ts';
import type { JsonObject, PlannedModel, PolicyModel } from '../core/policy.ts';
import { worstCase } from '../core/price.ts';
import { pricesOf } from '../core/price-row.ts';
import { rowsThatCanApply } from '../core/service-tier.ts';
import type { Ports } from './ports.ts';
import { outputTokenBound } from '../core/output-bound.ts';

/**
 * A policy's model with the price rows known now, and the most that one request to it can cost.
 * @param parameters the caller's.
 * @param inputBound input tokens at most; null where nothing bounds them.
 */
export function pinModel(
  ports: Pick<Ports, 'provider'>,
  model: PolicyModel,
  parameters: JsonObject,
  inputBound: number | null,
  now: Date,
): PlannedModel {
  const prices = pricesOf(model, (modelId) => ports.provider(model.provider)?.catalogue(modelId) ?? null);
  const sent = { ...parameters, ...model.parameters };
  const rows = rowsThatCanApply(prices ?? [], now, sent['service_tier']);
  const worst = worstCase(rows, inputBound, outputTokenBound(model, sent));
  return { ...model, prices, worstCaseUsd: worst === null ? null : formatUsd(worst) };
}
