import { bestMixture } from '../../learning/baselines/mixture.ts';
import type { MixtureFigures, SingleModelFigures } from './result.ts';

/**
 * The best mixture of single models at a mean cost, of those that a chain may be made of. Which models it mixes is chosen by
 * their accuracy on train, what it is right in is measured on the half that is asked for.
 * @param costShare of the reference's cost on that half.
 */
export function mixtureOf(
  models: readonly SingleModelFigures[],
  half: 'train' | 'test',
  costShare: number,
): MixtureFigures {
  const measured = models.flatMap((model) => {
    const here = model[half];
    return model.in_pool && here !== null
      ? [{ model: model.model, here, chosenBy: model.train.accuracy }]
      : [];
  });
  const { shares } = bestMixture(
    measured.map(({ here, chosenBy }) => ({ cost: here.cost_share, accuracy: chosenBy })),
    costShare,
  );
  const mean = (of: 'accuracy' | 'cost_share'): number =>
    shares.reduce((sum, { index, share }) => sum + share * measured[index]!.here[of], 0);
  return {
    accuracy: mean('accuracy'),
    cost_share: mean('cost_share'),
    shares: shares.map(({ index, share }) => ({ model: measured[index]!.model, share })),
  };
}
