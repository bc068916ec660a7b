import type { EvidenceModels } from '../../core/learned-policy.ts';
import type { Score, ScoredQuery, ScoredResponse } from '../scorer.ts';
import { fromArtifact, type EvidenceSource } from './artifact.ts';
import { NO_EVIDENCE, type Evidence } from './evidence.ts';
import { dissectResponse, promptOf } from './features/dissect.ts';
import { gatherEvidence } from './gather.ts';
import { responseNgrams } from './ngrams.ts';
import { ownScore } from './own-score.ts';
import { probabilities, type Vote } from './posterior.ts';

/**
 * The scorer that an artifact describes: for each candidate the probability that it is right, given every response so far. Where
 * at most one can be right, they sum to 1 together with the probability that none is. Under a millisecond for a response of
 * usual length; pure, unless evidence is bought.
 * @param bought those that the artifact was learned with. Without them its evidence is taken as missing, and nothing is bought:
 *   so it is where a single model is served, and nothing has to be decided.
 * @throws {Error} when the artifact cannot be read, or was learned with other models; and when it scores a model that it was
 *   not learned for.
 */
export function learnedScore(artifact: unknown, bought: EvidenceModels = {}): Score {
  const { models, features, own, posterior, openEnded, evidence } = fromArtifact(artifact);
  const scored = (
    query: ScoredQuery,
    responses: readonly ScoredResponse[],
    evidenceOf: (at: number) => Evidence,
  ) => {
    const prompt = promptOf(query);
    const answers: string[] = [];
    const votes = responses.map((response, at): Vote => {
      // An open-ended answer is only a name, which must not be looked for in the text.
      const read = openEnded ? { ...response, answer: null } : response;
      const parts = dissectResponse(prompt, read, evidenceOf(at));
      const values = Float64Array.from(features, (feature) => feature.of(parts) ?? Number.NaN);
      let candidate = response.answer === null ? -1 : answers.indexOf(response.answer);
      if (response.answer !== null && candidate === -1) candidate = answers.push(response.answer) - 1;
      const model = numberOf(models, response);
      return { model, candidate, own: ownScore(own, model, values, responseNgrams(response.text)) };
    });
    const p = probabilities(posterior, votes, answers.length);
    // Rounding may carry a sum of exponentials past 1 by a last digit.
    return answers.map((answer, at) => ({ answer, confidence: Math.min(1, p[at + 1] ?? 0) }));
  };
  if (!buys(evidence, bought)) return (query, responses) => scored(query, responses, () => NO_EVIDENCE);
  return async (query, responses, context) => {
    // What cannot be scored is not worth buying anything for.
    for (const response of responses) numberOf(models, response);
    const gathered = await gatherEvidence(evidence ?? {}, query, responses, context);
    return scored(query, responses, (at) => gathered[at] ?? NO_EVIDENCE);
  };
}

function numberOf(models: readonly string[], { model }: ScoredResponse): number {
  const number = models.indexOf(model);
  if (number === -1) {
    throw new Error(`it was not learned for the model "${model}": it knows ${models.join(', ')}`);
  }
  return number;
}

/** @throws {Error} where other models are named than it was learned with. */
function buys(evidence: EvidenceSource | null, { judge, embedder }: EvidenceModels): boolean {
  if (judge === undefined && embedder === undefined) return false;
  const learnedWith = { judge: evidence?.judge?.model, embedder: evidence?.embedder?.model };
  for (const [kind, given] of [
    ['judge', judge],
    ['embedder', embedder],
  ] as const) {
    if (given === learnedWith[kind]) continue;
    throw new Error(
      `it was learned with ${learnedWith[kind] === undefined ? `no ${kind}` : `the ${kind} ${learnedWith[kind]}`}, not with ${given ?? 'none'}`,
    );
  }
  return true;
}
