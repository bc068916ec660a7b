/** What a query costs as a share of what it costs by the reference: 1 where neither costs anything, infinite where only the reference is free. */
export function costShareOf(costUsd: number, referenceUsd: number): number {
  return costUsd === referenceUsd ? 1 : costUsd / referenceUsd;
}
