/** Why a part of a recorded set was left out, for people. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}
