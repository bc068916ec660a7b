import { LOGPROBS } from '../scorers/learned/features/logprobs.ts';
import type { Dataset } from './dataset.ts';

/** The models of which some response to these queries has log probabilities: their scores are learned with them. */
export function modelsWithLogprobs(data: Dataset, queries: readonly number[]): string[] {
  const names = new Set(LOGPROBS.map(({ name }) => name));
  const places = data.features.flatMap(({ name }, at) => (names.has(name) ? [at] : []));
  return data.models.filter((_, model) =>
    queries.some((query) => {
      const { features } = data.responses[model]![query]!;
      return places.some((at) => !Number.isNaN(features[at]!));
    }),
  );
}
