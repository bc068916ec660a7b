import { canonicalJson } from './canonical-json.ts';
import type { Policy } from './policy.ts';

/** `suspect`: an alarm says that it does not hold. `expired`: it is about something that is no more. */
export type CertificateState = 'valid' | 'suspect' | 'expired';

/** The tag by which a caller says which prompt template a query was made with: its hash, or a version. */
export const TEMPLATE_TAG = 'prompt_template';

/** Something seen of queries under a certificate. */
export interface Sighting {
  readonly kind: 'reported-model' | 'prompt-template';
  /** The model by its name in the settings; empty for prompt templates. */
  readonly subject: string;
  readonly value: string;
  /** When it was first seen, as milliseconds since 1970. */
  readonly firstSeenMs: number;
}

/** What a certificate is held against. */
export interface CertifiedPolicy {
  /** The policy that carries it. */
  readonly policy: Policy;
  /** The first one of the task that did: the certificate is about its models, scorer and extractor. */
  readonly first: Policy;
  /** Milliseconds since that one was stored. */
  readonly ageMs: number;
  readonly sightings: readonly Sighting[];
}

/**
 * Why a certificate has expired, each in words; empty while it has not. Of a kind of sighting the ones that were seen first,
 * together, are what the certificate is about.
 */
export function expiryReasons({ policy, first, ageMs, sightings }: CertifiedPolicy): string[] {
  const maxAgeMs = policy.watch?.certificateMaxAgeMs ?? null;
  const DAY_MS = 24 * 3_600_000;
  return [
    ...modelChanges(first, policy),
    ...changed('the scorer', first.scorer, policy.scorer),
    ...changed('the extractor', first.answer, policy.answer),
    ...sightingChanges(sightings),
    ...(maxAgeMs !== null && ageMs > maxAgeMs
      ? [`it is older than certificate_max_age (${Number((maxAgeMs / DAY_MS).toPrecision(3))} days)`]
      : []),
  ];
}

function modelChanges(first: Policy, policy: Policy): string[] {
  const called = ({ chain }: Policy): string => chain.map(({ model }) => model).join(' → ');
  if (called(first) !== called(policy)) return [`the chain was ${called(first)}, and is ${called(policy)}`];
  return policy.chain.flatMap((model, stage) => {
    const was = first.chain[stage] ?? model;
    const idOf = ({ provider, modelId }: typeof model): string => `${provider}/${modelId}`;
    return [
      ...(idOf(was) === idOf(model) ? [] : [`${model.model} was ${idOf(was)}, and is ${idOf(model)}`]),
      ...changed(`the parameters of ${model.model}`, was.parameters, model.parameters),
    ];
  });
}

function changed(what: string, was: object, is: object): string[] {
  return canonicalJson(was) === canonicalJson(is) ? [] : [`${what} changed`];
}

function sightingChanges(sightings: readonly Sighting[]): string[] {
  return sightings.flatMap(({ kind, subject, value, firstSeenMs }) => {
    const alike = sightings.filter((other) => other.kind === kind && other.subject === subject);
    const earliest = Math.min(...alike.map((other) => other.firstSeenMs));
    if (firstSeenMs === earliest) return [];
    const before = alike.filter((other) => other.firstSeenMs === earliest).map((other) => other.value);
    const what = kind === 'reported-model' ? `the provider's ${subject}` : 'the prompt template';
    return [`${what} was ${before.join(' or ')}, and is ${value}`];
  });
}
