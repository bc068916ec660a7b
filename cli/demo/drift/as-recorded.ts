import { matchesReference } from '../../../core/reference.ts';
import type { Policy } from '../../../core/policy.ts';
import type { RecordedSet } from '../../../recorded/read.ts';
import { simulateAll } from '../check.ts';

/** By query id, whether what the cascade serves is right while the vendor answers as recorded. */
export async function asRecorded(set: RecordedSet, policy: Policy): Promise<Map<string, boolean>> {
  const simulated = await simulateAll(set, policy, set.queries);
  const references = new Map(set.queries.map(({ id, reference }) => [id, reference ?? '']));
  return new Map(
    simulated.map(({ id, bought, servedStage }) => {
      const answer = bought.find(({ stage }) => stage === servedStage)?.answer ?? null;
      return [id, matchesReference(answer, references.get(id) ?? '', policy.answer) === true];
    }),
  );
}
