import type { LeftOut } from '../learning/left-out.ts';

/** A sentence for the queries that figures are not of, and for each model that is not compared with. */
export function leftOutSentences({
  leftOut,
  modelsLeftOut,
}: {
  readonly leftOut: number;
  readonly modelsLeftOut: readonly LeftOut[];
}): string[] {
  return [
    ...(leftOut === 0
      ? []
      : [`${leftOut} more queries are in no figure: they lack a labelled response of a model that is.`]),
    ...modelsLeftOut.map(({ what, why }) => `${what} is not compared with: it ${why}.`),
  ];
}
