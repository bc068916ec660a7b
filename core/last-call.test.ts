import { describe, expect, it } from 'vitest';
import { begin, step, type CascadeState } from './cascade.ts';
import { answeredBy, ClimbLog, type Answered } from './climb-log.ts';
import { lastDecision, soFarOf, type SoFar } from './last-call.ts';
import { parseUsd } from './money.ts';
import type { Plan, PlannedModel } from './policy.ts';
import type { AttemptSummary } from './result.ts';
import { exactly, NOTHING, spendToJson } from './spend.ts';
import { refTo } from './stage-work.ts';

const STARTED_MS = 1_000_000;

function planOf(change: Partial<Plan> = {}): Plan {
  return {
    formatVersion: 1,
    queryId: 'query',
    startedAt: '2026-01-01T00:00:00Z',
    task: 'task',
    policyVersion: 1,
    stages: ['small', 'large'].map((model) => ({ model, worstCaseUsd: '0.01' }) as PlannedModel),
    thresholds: [0.8, 0.8],
    scorer: {
      name: 'agreement',
      options: {},
      models: [],
      remote: false,
      scoresLastStage: true,
      worstCaseUsd: '0',
    },
    answer: { from: 'number' },
    limits: { maxCostUsd: null, deadlineMs: null },
    retention: 'full',
    ...change,
  };
}

/** A response for one cent that its call has scored. @param confidences of all candidates so far. */
function answeredWith(stage: number, answer: string, confidences?: Record<string, number>): Answered {
  const attemptId = `attempt ${stage}`;
  const cost = spendToJson(exactly(parseUsd('0.01')));
  return {
    attemptId,
    message: { role: 'assistant', content: answer },
    finishReason: 'stop',
    answer,
    attempts: [{ attemptId, purpose: 'serve', stage, try: 1, ...cost } as AttemptSummary],
    ...(confidences === undefined
      ? {}
      : { scores: Object.entries(confidences).map(([text, confidence]) => ({ answer: text, confidence })) }),
  };
}

/** What the call after these responses is told, through JSON as in a history. */
function told(plan: Plan, ...responses: Answered[]): SoFar {
  const log = new ClimbLog();
  let state: CascadeState = begin(plan, { spent: NOTHING, elapsedMs: 0 }).state;
  for (const response of responses) {
    const answered = step(plan, state, log.take(state, answeredBy(response), 10));
    const scored = log.scored(answered.command)!;
    ({ state } = step(plan, answered.state, log.take(answered.state, scored, 10)));
  }
  return JSON.parse(JSON.stringify(soFarOf(plan, state, log, STARTED_MS))) as SoFar;
}

const decided = (plan: Plan, response: Answered, earlier: Answered[] = [], afterMs = 20) =>
  lastDecision(refTo(plan), told(plan, ...earlier), response, STARTED_MS + afterMs);

describe('what ends with a call', () => {
  it('is a query whose candidate clears its threshold', () => {
    const last = decided(planOf(), answeredWith(0, 'A', { A: 0.8 }));
    expect(last?.finish).toEqual({
      type: 'finish',
      outcome: 'accepted',
      served: { stage: 0, attemptId: 'attempt 0', answer: 'A', confidence: 0.8, threshold: 0.8 },
    });
    expect(last?.log.stages.get(0)).toMatchObject({ confidence: 0.8, message: { content: 'A' } });
  });

  it('is one at its last stage, with what all its stages were scored', () => {
    const earlier = answeredWith(0, 'A', { A: 0.6 });
    const last = decided(planOf(), answeredWith(1, 'B', { A: 0.5, B: 0.3 }), [earlier]);
    expect(last?.finish).toMatchObject({
      outcome: 'last-stage',
      served: { stage: 0, attemptId: 'attempt 0' },
    });
    expect([0, 1].map((stage) => last?.log.stages.get(stage)?.confidence)).toEqual([0.6, 0.3]);
    expect(last?.state.responses).toHaveLength(2);
  });

  it('is one whose last stage nobody scores', () => {
    const plan = planOf({ scorer: { ...planOf().scorer, scoresLastStage: false } });
    const last = decided(plan, answeredWith(1, 'B'), [answeredWith(0, 'A', { A: 0.6 })]);
    expect(last?.finish).toMatchObject({ outcome: 'last-stage', served: { answer: 'B', confidence: null } });
  });

  it('is one that a limit ends: what was spent before counts, and the time since the run began', () => {
    const stages = ['small', 'medium', 'large'].map((model) => ({ ...planOf().stages[0]!, model }));
    const plan = (limits: Plan['limits']) => planOf({ stages, thresholds: [0.8, 0.8, 0.8], limits });
    const second = answeredWith(1, 'B', { A: 0.5, B: 0.3 });
    const first = answeredWith(0, 'A', { A: 0.6 });
    const outcome = (limits: Plan['limits']) => decided(plan(limits), second, [first])?.finish.outcome;
    expect(outcome({ maxCostUsd: '0.03', deadlineMs: null })).toBeUndefined();
    expect(outcome({ maxCostUsd: '0.029', deadlineMs: null })).toBe('budget');
    expect(outcome({ maxCostUsd: null, deadlineMs: 21 })).toBeUndefined();
    expect(outcome({ maxCostUsd: null, deadlineMs: 20 })).toBe('deadline');
  });

  it('is none that climbs on, waits to be scored, or for a person', () => {
    expect(decided(planOf(), answeredWith(0, 'A', { A: 0.79 }))).toBeNull();
    expect(decided(planOf(), answeredWith(0, 'A'))).toBeNull();
    const reviewed = planOf({ review: { timeoutMs: 1_000 } });
    const earlier = answeredWith(0, 'A', { A: 0.6 });
    expect(decided(reviewed, answeredWith(1, 'B', { A: 0.5, B: 0.3 }), [earlier])).toBeNull();
    expect(decided(reviewed, answeredWith(1, 'B', { A: 0.1, B: 0.9 }), [earlier])).not.toBeNull();
  });

  it('is none that serves nothing', () => {
    const limits = { maxCostUsd: '0.01', deadlineMs: null, atBudget: 'fail' as const };
    expect(decided(planOf({ limits }), answeredWith(0, 'A', { A: 0.1 }))).toBeNull();
  });
});
