import { oneHistory, type Variant, type VariantName } from '../run/variants.ts';

export interface HistorySize {
  readonly events: number;
  readonly bytes: number;
  readonly byType: Readonly<Record<string, number>>;
}

export type HistorySizes = Readonly<Partial<Record<VariantName, HistorySize>>>;

/** What one cascade leaves in Temporal, for the variants that run there. */
export async function measureEvents(variants: readonly Variant[]): Promise<HistorySizes> {
  const sizes: Partial<Record<VariantName, HistorySize>> = {};
  for (const variant of variants) {
    if (variant.temporalAddress === null) continue;
    const { events, bytes } = await oneHistory(variant);
    const byType: Record<string, number> = {};
    for (const { type } of events) byType[type] = (byType[type] ?? 0) + 1;
    sizes[variant.name] = { events: events.length, bytes, byType };
  }
  return sizes;
}
