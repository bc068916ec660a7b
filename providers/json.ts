/** What a vendor sent: any JSON object, read field by field, since no vendor keeps to the types of another. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The object in a field, or an empty one. */
export function fieldsIn(value: unknown, key: string): Fields {
  const inner = isFields(value) ? value[key] : undefined;
  return isFields(inner) ? inner : {};
}

/** The first of some values that is a non-empty text, or null. */
export function firstText(...values: readonly unknown[]): string | null {
  for (const value of values) if (typeof value === 'string' && value !== '') return value;
  return null;
}

/** The first choice of a completion or a chunk, or an empty object. */
export function firstChoice(chunk: Fields): Fields {
  const choices = chunk['choices'];
  const choice: unknown = Array.isArray(choices) ? choices[0] : null;
  return isFields(choice) ? choice : {};
}
