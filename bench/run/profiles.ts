/** How slow the models are. Each profile is a path of the upstream, a provider of the worker, and a task. */
export const PROFILES = {
  instant: { title: 'models that answer at once', minMs: 0, maxMs: 0 },
  slow: { title: 'models that answer after 250 to 350 ms', minMs: 250, maxMs: 350 },
  wait: { title: 'models that answer after 30 s', minMs: 30_000, maxMs: 30_000 },
} as const;

export type Profile = keyof typeof PROFILES;

/** The base URL that a profile's models have, below the upstream's own. */
export function baseUrlOf(upstreamUrl: string, profile: Profile): string {
  return `${upstreamUrl}/${profile}/v1`;
}

/** The chain of two stages: the first model's response is rejected, the second one's accepted. */
export const MODELS = ['small', 'large'] as const;

export const PROMPT = [{ role: 'user' as const, content: 'What is six times seven? End with the number.' }];

/** What every variant scores with: whether the response ends in a number. */
export function isGood(text: string): boolean {
  return NUMBER_AT_THE_END.test(text);
}
const NUMBER_AT_THE_END = /\d$/u;
/** The same rule as text, for the validator of a policy. */
export const GOOD_PATTERN = NUMBER_AT_THE_END.source;
