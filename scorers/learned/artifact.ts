import { z } from 'zod';
import { FEATURES } from './features/index.ts';
import type { Feature } from './features/feature.ts';
import { NGRAM_BITS } from './ngrams.ts';
import { BASIS, type OwnScorer } from './own-score.ts';
import { layoutOf, type Posterior } from './posterior.ts';

/**
 * A learned scorer as JSON, `scorer.json`: everything that scores are made of. Weights are single-precision, base64 of their
 * little-endian bytes, so that the file is small and the same on every machine.
 */
const floats = z.base64();

const artifactSchema = z.strictObject({
  formatVersion: z.literal(2),
  task: z.string().min(1),
  /** In the order of the weights. A response of another model cannot be scored. */
  models: z.array(z.string()).min(1),
  /** By name, in the order of the weights. */
  features: z.array(z.string()),
  ngramBits: z.literal(NGRAM_BITS),
  own: z.strictObject({
    intercepts: floats,
    /** By model, then by feature. */
    means: floats,
    deviations: floats,
    weights: floats,
    ngrams: floats,
  }),
  posterior: floats,
});

export type LearnedArtifact = z.infer<typeof artifactSchema>;

/** What an artifact says, ready to score with. */
export interface LearnedModel {
  readonly models: readonly string[];
  readonly features: readonly Feature[];
  readonly own: OwnScorer;
  readonly posterior: Posterior;
}

/** Rounds to single precision: what is served is what {@link fromArtifact} gives back, and that is what must be evaluated. */
export function toArtifact(
  task: string,
  { models, features, own, posterior }: LearnedModel,
): LearnedArtifact {
  return {
    formatVersion: 2,
    task,
    models: [...models],
    features: features.map(({ name }) => name),
    ngramBits: NGRAM_BITS,
    own: {
      intercepts: encode(own.intercepts),
      means: encode(own.means.flatMap((ofModel) => [...ofModel])),
      deviations: encode(own.deviations),
      weights: encode(own.weights),
      ngrams: encode(own.ngrams),
    },
    posterior: encode(posterior.parameters),
  };
}

/** @throws {Error} for what is no artifact, or one of another version: names what does not fit. */
export function fromArtifact(content: unknown): LearnedModel {
  const { models, features, own, posterior } = artifactSchema.parse(content);
  const known = new Map(FEATURES.map((feature) => [feature.name, feature]));
  const used = features.map((name) => {
    const feature = known.get(name);
    if (feature === undefined)
      throw new Error(`it was learned with the feature "${name}", which is not there`);
    return feature;
  });
  const means = decode(own.means, models.length * used.length, 'means');
  return {
    models,
    features: used,
    own: {
      intercepts: decode(own.intercepts, models.length, 'intercepts'),
      means: models.map((_, at) => means.slice(at * used.length, (at + 1) * used.length)),
      deviations: decode(own.deviations, used.length, 'deviations'),
      weights: decode(own.weights, used.length * BASIS, 'weights'),
      ngrams: decode(own.ngrams, 1 << NGRAM_BITS, 'ngrams'),
    },
    posterior: {
      models: models.length,
      parameters: decode(posterior, layoutOf(models.length).size, 'posterior'),
    },
  };
}

const BYTES = 4;

function encode(values: Iterable<number>): string {
  const all = [...values];
  const bytes = Buffer.alloc(all.length * BYTES);
  for (const [at, value] of all.entries()) bytes.writeFloatLE(value, at * BYTES);
  return bytes.toString('base64');
}

function decode(text: string, length: number, what: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== length * BYTES) {
    throw new Error(`its ${what} are ${bytes.length / BYTES} numbers instead of ${length}`);
  }
  return Float64Array.from({ length }, (_, at) => bytes.readFloatLE(at * BYTES));
}
