import { sha256 } from '../core/request-hash.ts';

/** 52 bits: what a double holds of a number below one, on a whole number of hexadecimal digits. */
const DIGITS = 13;

/**
 * A number in [0, 1) that is drawn by its key alone: the same key gives the same number whatever was drawn before, so that
 * neither the order of arrival nor a change elsewhere moves it.
 */
export function drawUnit(...key: readonly (string | number)[]): number {
  return Number.parseInt(sha256(JSON.stringify(key)).slice(0, DIGITS), 16) / 16 ** DIGITS;
}
