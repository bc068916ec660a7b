/** Keys by their look: OpenAI, Anthropic, OpenRouter (`sk-…`), Groq, xAI, Google, Hugging Face, and anything after Bearer. */
const KEY_SHAPES = /\b(?:sk|pk|rk)-[\w*.-]{4,}|\b(?:gsk_|xai-|hf_|AIza)[\w*-]{6,}|(?<=\bBearer\s+)[^\s"',]+/g;

const SENSITIVE_NAME = /auth|key|token|secret|cookie|password/i;

/** Shorter values are words that appear by chance ("none", "test"), not keys. */
const SHORTEST_SECRET = 6;

/** The values of a connection that no message may hold: its key, and what its headers and query carry under a telling name. */
export function secretsOf(connection: {
  readonly apiKey: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
}): readonly string[] {
  const named = [...Object.entries(connection.headers ?? {}), ...Object.entries(connection.query ?? {})]
    .filter(([name]) => SENSITIVE_NAME.test(name))
    .flatMap(([, value]) => [value, value.split(/\s+/).at(-1) ?? '']);
  return [connection.apiKey ?? '', ...named]
    .map((secret) => secret.trim())
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
}

/** A text without any of the secrets, and without anything that looks like a key. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    for (const form of new Set([secret, encodeURIComponent(secret)])) {
      clean = clean.replaceAll(form, '[redacted]');
    }
  }
  return clean.replace(KEY_SHAPES, '[redacted]');
}
