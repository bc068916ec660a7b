import { v7 as uuidv7 } from 'uuid';
import { describe, expect, it } from 'vitest';
import { takesCanary } from './canary.ts';

const ids = Array.from({ length: 8_000 }, (_, index) => uuidv7({ msecs: index, seq: index }));

describe('takesCanary', () => {
  it('takes about the share of queries that was asked for, whenever they started', () => {
    for (const share of [0.01, 0.1, 0.5]) {
      for (const part of [ids.slice(0, 4_000), ids.slice(4_000)]) {
        const taken = part.filter((id) => takesCanary(id, share)).length / part.length;
        // Five standard errors.
        expect(Math.abs(taken - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / part.length));
      }
    }
  });

  it('always decides the same, and a larger share keeps what a smaller one took', () => {
    for (const id of ids.slice(0, 2_000)) {
      expect(takesCanary(id, 0.1)).toBe(takesCanary(id, 0.1));
      if (takesCanary(id, 0.1)) expect(takesCanary(id, 0.3)).toBe(true);
    }
  });

  it('takes none at 0 and all at 1', () => {
    expect(ids.filter((id) => takesCanary(id, 0))).toEqual([]);
    expect(ids.filter((id) => !takesCanary(id, 1))).toEqual([]);
  });
});
