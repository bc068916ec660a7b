/** What people need who add a scorer of their own: see `examples/custom-scorer`. */
export { createScorerRegistry, type ParsedScorer, type ScorerRegistry } from './registry.ts';
export { ScorerProblem } from './scorer-problem.ts';
export { liftSingle, type ScoreOne } from './lift.ts';
export {
  defineScorer,
  type EmbedQuestion,
  type JudgeQuestion,
  type JudgeReply,
  type Score,
  type ScoredQuery,
  type ScoredResponse,
  type ScorerKind,
  type ScoringContext,
} from './scorer.ts';
