const BYTES = 4;

/** Numbers as base64 of little-endian single-precision floats: a third of their JSON, and the same on every machine. */
export function packVector(values: ArrayLike<number>): string {
  const bytes = Buffer.alloc(values.length * BYTES);
  for (let at = 0; at < values.length; at++) bytes.writeFloatLE(values[at] ?? 0, at * BYTES);
  return bytes.toString('base64');
}

/** The inverse of {@link packVector}. @throws {Error} where the text is no such numbers. */
export function unpackVector(text: string): Float64Array {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % BYTES !== 0) {
    throw new Error(`${bytes.length} bytes are no single-precision numbers`);
  }
  return Float64Array.from({ length: bytes.length / BYTES }, (_, at) => bytes.readFloatLE(at * BYTES));
}
