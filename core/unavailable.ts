/** A server that cannot be reached, or a port that cannot be had. Its message says where, and how to mend it. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}
