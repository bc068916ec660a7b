/** The next number in [0, 1) of a stream. */
export type Uniform = () => number;

/**
 * A seeded stream of uniform numbers: the same seed gives the same stream on every machine. It is splitmix32 (Steele, Lea,
 * Flood 2014, doi:10.1145/2660193.2660195, in 32 bits): quick, and good enough for resampling; not for secrets.
 * @param seed a whole number.
 */
export function uniformOf(seed: number): Uniform {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 2 ** 32;
  };
}
