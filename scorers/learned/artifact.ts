import { z } from 'zod';
import { packVector } from '../../core/vector.ts';
import { featuresWith } from './features/index.ts';
import type { Feature } from './features/feature.ts';
import { NGRAM_BITS } from './ngrams.ts';
import { BASIS, type OwnScorer } from './own-score.ts';
import { layoutOf, type Posterior } from './posterior.ts';

/**
 * A learned scorer as JSON, `scorer.json`: everything that scores are made of. Weights are single-precision, base64 of their
 * little-endian bytes, so that the file is small and the same on every machine.
 */
const floats = z.base64();

const freeSchema = z.strictObject({
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
  /** The answers are open-ended: a response's `answer` is a name for the response, and nothing that stands in its text. */
  openEnded: z.literal(true).exactOptional(),
  /** False where several candidates of a query may be right; absent where one at most can. */
  exclusive: z.literal(false).exactOptional(),
  /** Models whose responses had log probabilities; absent for none, and in what was written before it was known. */
  logprobs: z.array(z.string()).min(1).exactOptional(),
});

/** Of a scorer that has evidence bought: everything that decides what is bought, and how it is read. */
const evidenceSchema = z.strictObject({
  judge: z.strictObject({ model: z.string().min(1), prompt: z.string().min(1) }).exactOptional(),
  embedder: z.strictObject({ model: z.string().min(1), dimensions: z.int().positive() }).exactOptional(),
});

const boughtSchema = freeSchema.extend({ formatVersion: z.literal(3), evidence: evidenceSchema });

/** Version 2, which is what is written without evidence, and version 3 with it. */
const artifactSchema = z.discriminatedUnion('formatVersion', [freeSchema, boughtSchema]);

export type LearnedArtifact = z.infer<typeof artifactSchema>;

/** The judge with its prompt, and the embedder with the length of its vectors, that a scorer was learned with. */
export type EvidenceSource = z.infer<typeof evidenceSchema>;

/** What an artifact says, ready to score with. */
export interface LearnedModel {
  readonly models: readonly string[];
  readonly features: readonly Feature[];
  readonly own: OwnScorer;
  readonly posterior: Posterior;
  /** Whether a response's `answer` only names it. */
  readonly openEnded: boolean;
  /** Null where nothing is bought. */
  readonly evidence: EvidenceSource | null;
  /** Models that it was learned of with their log probabilities: without them its scores are others, and nothing was measured of those. */
  readonly logprobs: readonly string[];
}

/** Rounds to single precision: what is served is what {@link fromArtifact} gives back, and that is what must be evaluated. */
export function toArtifact(
  task: string,
  { models, features, own, posterior, openEnded, evidence, logprobs }: LearnedModel,
): LearnedArtifact {
  const content = {
    task,
    models: [...models],
    features: features.map(({ name }) => name),
    ngramBits: NGRAM_BITS as typeof NGRAM_BITS,
    own: {
      intercepts: encode(own.intercepts),
      means: encode(own.means.flatMap((ofModel) => [...ofModel])),
      deviations: encode(own.deviations),
      weights: encode(own.weights),
      ngrams: encode(own.ngrams),
    },
    posterior: encode(posterior.parameters),
    ...(openEnded ? { openEnded } : {}),
    ...(posterior.exclusive ? {} : { exclusive: false as const }),
    ...(logprobs.length === 0 ? {} : { logprobs: [...logprobs] }),
  };
  return evidence === null ? { formatVersion: 2, ...content } : { formatVersion: 3, ...content, evidence };
}

/** @throws {Error} for what is no artifact, or one of another version: names what does not fit. */
export function fromArtifact(content: unknown): LearnedModel {
  const artifact = artifactSchema.parse(content);
  const { models, features, own, posterior } = artifact;
  const evidence = artifact.formatVersion === 3 ? artifact.evidence : null;
  const known = new Map(featuresWith(boughtBy(evidence)).map((feature) => [feature.name, feature]));
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
    openEnded: artifact.openEnded ?? false,
    logprobs: logprobsOf(artifact),
    evidence,
    own: {
      intercepts: decode(own.intercepts, models.length, 'intercepts'),
      means: models.map((_, at) => means.slice(at * used.length, (at + 1) * used.length)),
      deviations: decode(own.deviations, used.length, 'deviations'),
      weights: decode(own.weights, used.length * BASIS, 'weights'),
      ngrams: decode(own.ngrams, 1 << NGRAM_BITS, 'ngrams'),
    },
    posterior: {
      models: models.length,
      exclusive: artifact.exclusive ?? true,
      parameters: decode(posterior, layoutOf(models.length).size, 'posterior'),
    },
  };
}

/** Models that an artifact was learned of with their log probabilities; none where it does not say, or is none. */
export function logprobsOf(artifact: unknown): readonly string[] {
  const said = freeSchema.pick({ logprobs: true }).loose().safeParse(artifact);
  return said.data?.logprobs ?? [];
}

/** Which of the features that have to be bought there are. */
function boughtBy(evidence: EvidenceSource | null): { judge: boolean; embedder: boolean } {
  return { judge: evidence?.judge !== undefined, embedder: evidence?.embedder !== undefined };
}

const BYTES = 4;

function encode(values: Iterable<number>): string {
  return packVector([...values]);
}

function decode(text: string, length: number, what: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== length * BYTES) {
    throw new Error(`its ${what} are ${bytes.length / BYTES} numbers instead of ${length}`);
  }
  return Float64Array.from({ length }, (_, at) => bytes.readFloatLE(at * BYTES));
}
