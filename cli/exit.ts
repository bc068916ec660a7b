/** Exit codes that scripts can use. They are stable, and listed in docs/errors.md. */
export const EXIT = {
  ok: 0,
  /** Something unforeseen: a defect, or a server that died. */
  failure: 1,
  /** The command line, the settings or an input file is wrong. Nothing was spent. */
  usage: 2,
  /** Postgres or Temporal cannot be reached, or a port is in use. Nothing was spent. */
  unavailable: 3,
  /** The query ended without an answer. */
  noAnswer: 4,
  /** Some queries of a batch ended without an answer. */
  partial: 5,
  /** An invoice does not agree with the ledger. */
  drift: 6,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** An error for people: one line per problem, and the exit code. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: number;

  constructor(message: string, exitCode: number, cause?: unknown) {
    super(message, { cause });
    this.exitCode = exitCode;
  }
}
