import type { ScoredQuery, ScoredResponse, ScoringContext } from '../scorer.ts';
import { judgeMessages, readGrade } from '../judge.ts';
import type { EvidenceSource } from './artifact.ts';
import { embeddedQuery, embeddedText, embeddingOf, type Evidence } from './evidence.ts';

/**
 * Has everything bought that a scorer was learned with, for every response so far: a grade of each that holds an answer, and
 * one request to the embedder a stage, the first of which embeds the query as well. Asked by the stage that each is about, so
 * that what was bought at earlier stages is found again.
 *
 * Evidence that cannot be had of a text (the judge refuses, its reply holds no grade) is missing, as in a recorded set.
 * @throws what the first failed request threw, when all have ended: what is under way must not be asked again beside itself.
 */
export async function gatherEvidence(
  { judge, embedder }: EvidenceSource,
  query: ScoredQuery,
  responses: readonly ScoredResponse[],
  context: ScoringContext,
): Promise<Evidence[]> {
  const asked = embedder === undefined ? null : embeddedQuery(query.messages);
  const [grades, vectors] = await Promise.all([
    Promise.allSettled(
      responses.map(async (response) =>
        judge === undefined || response.answer === null ? null : gradeOf(judge, query, response, context),
      ),
    ),
    Promise.allSettled(
      responses.map(async (response, at) => {
        const texts = [...(at === 0 && asked !== null ? [asked] : []), embeddedText(response.text)];
        return embedder === undefined ? null : vectorsOf(embedder, response, texts, context);
      }),
    ),
  ]);
  for (const outcome of [...grades, ...vectors]) if (outcome.status === 'rejected') throw outcome.reason;
  const queryVector = asked === null ? null : (valueOf(vectors[0])?.[0] ?? null);
  return responses.map((_response, at) => {
    const own = valueOf(vectors[at])?.at(-1) ?? null;
    return {
      grade: valueOf(grades[at]),
      embedding: own === null ? null : embeddingOf(queryVector, own),
    };
  });
}

function valueOf<Value>(outcome: PromiseSettledResult<Value | null> | undefined): Value | null {
  return outcome?.status === 'fulfilled' ? outcome.value : null;
}

async function gradeOf(
  { model, prompt }: NonNullable<EvidenceSource['judge']>,
  query: ScoredQuery,
  response: ScoredResponse,
  context: ScoringContext,
): Promise<number | null> {
  const { text } = await context.ask({
    ...{ stage: response.stage, ordinal: 0, model, mayFail: true, parameters: {} },
    messages: judgeMessages(prompt, query, response),
  });
  return gradeIn(text, model);
}

/** A judge's grade in [0, 1]; null where its reply holds none. */
export function gradeIn(reply: string, model: string): number | null {
  try {
    return readGrade(reply, model) / 10;
  } catch {
    // It was asked for one and gave none: that says nothing of the response.
    return null;
  }
}

async function vectorsOf(
  { model, dimensions }: NonNullable<EvidenceSource['embedder']>,
  { stage }: ScoredResponse,
  texts: readonly string[],
  context: ScoringContext,
): Promise<readonly Float64Array[] | null> {
  const vectors = await context.embed({ stage, ordinal: 0, model, texts });
  const other = vectors?.find(({ length }) => length !== dimensions);
  if (other !== undefined) {
    throw new Error(
      `the embedder ${model} gave ${other.length} numbers, and it was learned with ${dimensions}: is it another model under the same name?`,
    );
  }
  return vectors;
}
