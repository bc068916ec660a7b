import { describe, expect, it } from 'vitest';
import { begin, step, type CascadeEvent, type Decision, type Progress } from './cascade.ts';
import { type CascadePlan, planProblem } from './cascade-plan.ts';
import { verdicts } from './verdict.ts';
import { parseUsd } from './money.ts';
import { exactly, NOTHING } from './spend.ts';

const start: Progress = { spent: NOTHING, elapsedMs: 0 };

function plan(change: Partial<CascadePlan> = {}): CascadePlan {
  return {
    stages: ['small', 'middle', 'large'].map((model) => ({ model, worstCaseUsd: '0.01' })),
    thresholds: [0.8, 0.8, 0.8],
    scorer: { scoresLastStage: true, worstCaseUsd: '0' },
    limits: { maxCostUsd: null, deadlineMs: null },
    ...change,
  };
}

const answered = (answer: string | null, attemptId: string, progress = start): CascadeEvent => ({
  type: 'answered',
  attemptId,
  answer,
  ...progress,
});
const scored = (scores: Record<string, number>, progress = start): CascadeEvent => ({
  type: 'scored',
  scores: Object.entries(scores).map(([answer, confidence]) => ({ answer, confidence })),
  ...progress,
});
const failed = (kind: Extract<CascadeEvent, { type: 'failed' }>['kind'], progress = start): CascadeEvent => ({
  type: 'failed',
  kind,
  ...progress,
});

/** The last decision after a story of events. */
function tell(how: CascadePlan, ...events: CascadeEvent[]): Decision {
  let decision = begin(how, start);
  for (const event of events) decision = step(how, decision.state, event);
  return decision;
}

describe('a cascade', () => {
  it('calls, scores, and accepts the first answer that clears the threshold', () => {
    expect(begin(plan(), start).command).toEqual({ type: 'call', stage: 0, timeLeftMs: null });
    expect(tell(plan(), answered('A', 'a')).command).toEqual({ type: 'score', stage: 0, timeLeftMs: null });
    const end = tell(plan(), answered('A', 'a'), scored({ A: 0.8 }));
    expect(end.command).toEqual({
      type: 'finish',
      outcome: 'accepted',
      served: { stage: 0, attemptId: 'a', answer: 'A', confidence: 0.8, threshold: 0.8 },
    });
  });

  it('escalates below the threshold', () => {
    const { command } = tell(plan(), answered('A', 'a'), scored({ A: 0.79 }));
    expect(command).toEqual({ type: 'call', stage: 1, timeLeftMs: null });
  });

  it('serves the best candidate at the last stage, whatever its confidence', () => {
    const end = tell(
      plan(),
      answered('A', 'a'),
      scored({ A: 0.3 }),
      answered('B', 'b'),
      scored({ A: 0.2, B: 0.4 }),
      answered('C', 'c'),
      scored({ A: 0.1, B: 0.3, C: 0.2 }),
    );
    expect(end.command).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'b', answer: 'B', confidence: 0.3 },
    });
  });

  it('serves an older candidate when a dearer model agrees with it, as its earliest response', () => {
    const end = tell(
      plan(),
      answered('A', 'a'),
      scored({ A: 0.5 }),
      answered('B', 'b'),
      scored({ A: 0.4, B: 0.4 }),
      answered('A', 'c'),
      scored({ A: 0.9, B: 0.1 }),
    );
    expect(end.command).toMatchObject({
      outcome: 'accepted',
      served: { stage: 0, attemptId: 'a', confidence: 0.9 },
    });
    const served = end.command.type === 'finish' ? end.command.served : null;
    expect(Object.fromEntries(verdicts(end.state, served))).toEqual({
      a: 'accepted',
      b: 'rejected',
      c: 'corroborated',
    });
  });

  it('gives a tie to the candidate with the dearer model’s word', () => {
    const tie = [answered('A', 'a'), scored({ A: 0.5 }), answered('B', 'b')];
    const two = plan({ stages: plan().stages.slice(0, 2), thresholds: [0.8, 0.8] });
    expect(tell(two, ...tie, scored({ B: 0.4, A: 0.4 })).command).toMatchObject({
      served: { attemptId: 'b' },
    });
    expect(tell(two, ...tie, scored({ A: 0.4, B: 0.4 })).command).toMatchObject({
      served: { attemptId: 'b' },
    });
  });

  it('takes a threshold for each stage', () => {
    const falling = plan({ thresholds: [0.9, 0.5, 0] });
    const events = [answered('A', 'a'), scored({ A: 0.6 }), answered('B', 'b'), scored({ A: 0.6, B: 0.2 })];
    expect(tell(falling, ...events).command).toMatchObject({
      outcome: 'accepted',
      served: { attemptId: 'a', threshold: 0.5 },
    });
  });
});

describe('a response without an answer', () => {
  it('accepts nothing, not even what an easier threshold would now let through', () => {
    const falling = plan({ thresholds: [0.9, 0.1, 0.1] });
    const { command } = tell(
      falling,
      answered('A', 'a'),
      scored({ A: 0.6 }),
      answered(null, 'b'),
      scored({}),
    );
    expect(command).toMatchObject({ type: 'call', stage: 2 });
  });

  it('is served with confidence 0 only when there is nothing else', () => {
    const one = plan({ stages: plan().stages.slice(0, 1), thresholds: [0.5] });
    expect(tell(one, answered(null, 'a'), scored({})).command).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'a', answer: null, confidence: 0 },
    });
    const silentEnd = tell(
      plan(),
      answered('A', 'a'),
      scored({ A: 0.1 }),
      failed('refusal'),
      answered(null, 'c'),
      scored({}),
    );
    expect(silentEnd.command).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'a', confidence: 0.1 },
    });
  });
});

describe('a last stage that is not scored', () => {
  const unscored = plan({ scorer: { scoresLastStage: false, worstCaseUsd: '0.001' } });
  const before = [answered('A', 'a'), scored({ A: 0.7 }), answered('B', 'b'), scored({ B: 0.2 })];

  it('is served without a confidence', () => {
    expect(tell(unscored, ...before, answered('C', 'c')).command).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'c', confidence: null },
    });
  });

  it('is served as the earliest response that gave its answer', () => {
    const end = tell(unscored, ...before, answered('A', 'c'));
    expect(end.command).toMatchObject({ served: { attemptId: 'a', confidence: null } });
  });

  it('gives way to an older candidate when it holds no answer', () => {
    expect(tell(unscored, ...before, answered(null, 'c')).command).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'b', confidence: 0.2 },
    });
  });

  it('is served all the same when its scoring fails', () => {
    expect(tell(plan(), ...before, answered('C', 'c'), failed('timeout')).command).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'c', confidence: null },
    });
  });
});

describe('limits', () => {
  const spent = (usd: string, elapsedMs = 0): Progress => ({ spent: exactly(parseUsd(usd)), elapsedMs });

  it('makes no call that could break the budget, scoring included', () => {
    const limited = (maxCostUsd: string): CascadePlan =>
      plan({
        scorer: { scoresLastStage: true, worstCaseUsd: '0.002' },
        limits: { maxCostUsd, deadlineMs: null },
      });
    const events = [answered('A', 'a', spent('0.005')), scored({ A: 0.5 }, spent('0.006'))];
    expect(tell(limited('0.018'), ...events).command).toMatchObject({ type: 'call', stage: 1 });
    expect(tell(limited('0.017999999999'), ...events).command).toMatchObject({
      outcome: 'budget',
      served: { attemptId: 'a', confidence: 0.5 },
    });
    expect(begin(limited('0.011'), start).command).toEqual({
      type: 'finish',
      outcome: 'budget',
      served: null,
    });
  });

  it('serves nothing for want of money where the task says fail, by either way in which money runs out', () => {
    const denied: CascadeEvent = { type: 'denied', ...start };
    const refused = { type: 'finish', outcome: 'budget', served: null };
    const failing = plan({ limits: { maxCostUsd: '0.015', deadlineMs: null, atBudget: 'fail' } });
    const answers = [answered('A', 'a', spent('0.01')), scored({ A: 0.5 }, spent('0.01'))];
    expect(tell(failing, ...answers).command).toEqual(refused);
    const shared = plan({ limits: { maxCostUsd: null, deadlineMs: null, atBudget: 'fail' } });
    expect(tell(shared, ...answers, denied).command).toEqual(refused);
    expect(tell(shared, answered('A', 'a'), denied).command).toEqual(refused);
    const { state } = tell(shared, ...answers, denied);
    expect(verdicts(state, null).size).toBe(0);
  });

  it('says fail of money alone: a deadline and an accepted answer are served', () => {
    const failing = plan({ limits: { maxCostUsd: null, deadlineMs: 1000, atBudget: 'fail' } });
    expect(tell(failing, answered('A', 'a'), scored({ A: 0.5 }, spent('0', 1000))).command).toMatchObject({
      outcome: 'deadline',
      served: { attemptId: 'a' },
    });
    expect(tell(failing, answered('A', 'a'), scored({ A: 0.9 })).command).toMatchObject({
      served: { attemptId: 'a' },
    });
  });

  it('goes on with the cheapest as it stops: what is kept for first stages is the ledger’s affair', () => {
    const cheapest = plan({ limits: { maxCostUsd: '0.015', deadlineMs: null, atBudget: 'cheapest' } });
    const end = tell(cheapest, answered('A', 'a', spent('0.01')), scored({ A: 0.5 }, spent('0.01')));
    expect(end.command).toMatchObject({ outcome: 'budget', served: { attemptId: 'a' } });
  });

  it('shows the threshold that the served answer was held to, not that of a stage never called', () => {
    const falling = plan({ thresholds: [0.9, 0.3, 0.3], limits: { maxCostUsd: '0.01', deadlineMs: null } });
    const end = tell(falling, answered('A', 'a', spent('0.005')), scored({ A: 0.5 }, spent('0.005')));
    expect(end.command).toMatchObject({ outcome: 'budget', served: { confidence: 0.5, threshold: 0.9 } });
    expect(end.state.stage).toBe(0);
  });

  it('asks a rule that depends on what was spent, and shows the threshold that each stage was held to', () => {
    const step = {
      ...{ priceUsd: 0.01, spent: { meanUsd: 0.002, slope: 5 } },
      gain: { confidence: [0, 1], gain: [1, 0] },
    };
    const byspend = plan({
      thresholds: [0.8, 0.8, 0],
      stopRule: { type: 'value', lambdaUsd: 0.05, steps: [step, { ...step, priceUsd: 0.02 }] },
    });
    // A price of 2 cents: a gain of 0.4 is worth it.
    const dear = tell(byspend, answered('A', 'a', spent('0.004')), scored({ A: 0.7 }, spent('0.004')));
    expect(dear.command).toMatchObject({ outcome: 'accepted', served: { confidence: 0.7 } });
    expect(dear.state.heldTo![0]).toBeCloseTo(0.6, 12);
    // A price of half a cent, then of 2 cents.
    const cheap = tell(
      byspend,
      ...[answered('A', 'a', spent('0.001')), scored({ A: 0.7 }, spent('0.001'))],
      ...[answered('A', 'b', spent('0.002')), scored({ A: 0.7 }, spent('0.002'))],
    );
    expect(cheap.state.heldTo![0]).toBeCloseTo(0.9, 12);
    expect(cheap.state.heldTo![1]).toBeCloseTo(0.6, 12);
    expect(cheap.command).toMatchObject({
      ...{ outcome: 'accepted' },
      served: { stage: 0, threshold: cheap.state.heldTo![1] },
    });
    expect(tell(plan(), answered('A', 'a'), scored({ A: 0.7 })).state).not.toHaveProperty('heldTo');
  });

  it('does not need the price of scoring a last stage that is not scored', () => {
    const one = plan({
      stages: plan().stages.slice(0, 1),
      thresholds: [1],
      scorer: { scoresLastStage: false, worstCaseUsd: null },
      limits: { maxCostUsd: '0.01', deadlineMs: null },
    });
    expect(begin(one, start).command.type).toBe('call');
  });

  it('calls nothing under a budget when nothing bounds the cost', () => {
    const unbounded = plan({
      stages: plan().stages.map((stage) => ({ ...stage, worstCaseUsd: null })),
      limits: { maxCostUsd: '100', deadlineMs: null },
    });
    expect(begin(unbounded, start).command).toMatchObject({ outcome: 'budget', served: null });
    const limited = plan({ limits: { maxCostUsd: '100', deadlineMs: null } });
    const unknown = { spent: { low: 0n, high: null }, elapsedMs: 0 };
    expect(tell(limited, failed('timeout', unknown)).command).toMatchObject({ outcome: 'budget' });
  });

  it('stops when the ledger denies an attempt', () => {
    const { command } = tell(plan(), answered('A', 'a'), scored({ A: 0.2 }), { type: 'denied', ...start });
    expect(command).toMatchObject({ outcome: 'budget', served: { attemptId: 'a' } });
  });

  it('hands every command the time that is left, and stops when there is none', () => {
    const timed = plan({ limits: { maxCostUsd: null, deadlineMs: 1000 } });
    const late = (elapsedMs: number): Progress => ({ spent: NOTHING, elapsedMs });
    expect(tell(timed, answered('A', 'a', late(400))).command).toMatchObject({
      type: 'score',
      timeLeftMs: 600,
    });
    expect(tell(timed, answered('A', 'a', late(400)), scored({ A: 0.2 }, late(999))).command).toMatchObject({
      type: 'call',
      timeLeftMs: 1,
    });
    expect(tell(timed, answered('A', 'a', late(400)), scored({ A: 0.2 }, late(1000))).command).toMatchObject({
      outcome: 'deadline',
      served: { attemptId: 'a' },
    });
    expect(tell(timed, answered('A', 'a', late(1000))).command).toMatchObject({
      outcome: 'deadline',
      served: { attemptId: 'a', confidence: null },
    });
    expect(begin(timed, late(1000)).command).toMatchObject({ outcome: 'deadline', served: null });
  });

  it('serves a last response that came too late to be scored, as it would were it never scored', () => {
    const timed = plan({ limits: { maxCostUsd: null, deadlineMs: 1000 } });
    const events = [answered('A', 'a'), scored({ A: 0.1 }), failed('refusal')];
    expect(
      tell(timed, ...events, answered('C', 'c', { spent: NOTHING, elapsedMs: 1001 })).command,
    ).toMatchObject({
      outcome: 'last-stage',
      served: { attemptId: 'c', confidence: null },
    });
  });
});

describe('failures', () => {
  it('pass over a stage', () => {
    const { command, state } = tell(plan(), failed('refusal'));
    expect(command).toMatchObject({ type: 'call', stage: 1 });
    expect(state.failures).toEqual([{ stage: 0, during: 'call', kind: 'refusal' }]);
  });

  it('of a scoring leave the response unscored and climb', () => {
    const { command, state } = tell(plan(), answered('A', 'a'), failed('server-error'));
    expect(command).toMatchObject({ type: 'call', stage: 1 });
    expect(state.failures).toEqual([{ stage: 0, during: 'score', kind: 'server-error' }]);
  });

  it('of the last stage exhaust the chain, and serve what there is', () => {
    const all = [failed('refusal'), failed('timeout'), failed('server-error')];
    expect(tell(plan(), ...all).command).toEqual({ type: 'finish', outcome: 'exhausted', served: null });
    const some = [answered('A', 'a'), scored({ A: 0.2 }), failed('timeout'), failed('server-error')];
    expect(tell(plan(), ...some).command).toMatchObject({ outcome: 'exhausted', served: { attemptId: 'a' } });
  });

  it('of the last stage are the deadline’s doing when time ran out', () => {
    const timed = plan({ limits: { maxCostUsd: null, deadlineMs: 1000 } });
    const end = tell(
      timed,
      failed('refusal'),
      failed('refusal'),
      failed('timeout', { ...start, elapsedMs: 1000 }),
    );
    expect(end.command).toMatchObject({ outcome: 'deadline' });
  });

  it('that no stage can mend fail the query and serve nothing', () => {
    const end = tell(plan(), answered('A', 'a'), scored({ A: 0.2 }), failed('authentication'));
    expect(end.command).toEqual({ type: 'finish', outcome: 'failed', served: null });
    expect(verdicts(end.state, null).size).toBe(0);
  });
});

describe('the end', () => {
  it('comes with a cancel, at once and with nothing', () => {
    const cancelled: CascadeEvent = { type: 'cancelled', ...start };
    expect(tell(plan(), cancelled).command).toMatchObject({ outcome: 'cancelled', served: null });
    expect(tell(plan(), answered('A', 'a'), cancelled).command).toMatchObject({
      outcome: 'cancelled',
      served: null,
    });
  });

  it('takes no further event', () => {
    const end = tell(plan(), answered('A', 'a'), scored({ A: 1 }));
    expect(() => step(plan(), end.state, { type: 'cancelled', ...start })).toThrow(/has ended/);
  });
});

describe('a defect of the interpreter', () => {
  it.each([
    ['scores nobody asked for', [scored({})]],
    ['a response nobody asked for', [answered('A', 'a'), answered('B', 'b')]],
    ['a confidence above 1', [answered('A', 'a'), scored({ A: 1.01 })]],
    ['a confidence that is no number', [answered('A', 'a'), scored({ A: Number.NaN })]],
    ['an answer that no response gave', [answered('A', 'a'), scored({ B: 0.5 })]],
  ])('is refused: %s', (_name, events) => {
    expect(() => tell(plan(), ...events)).toThrow(RangeError);
  });

  it.each([
    [{ stages: [] }, /chain is empty/],
    [{ thresholds: [0.5] }, /1 thresholds for 3 stages/],
    [{ modelAccuracy: [0.5, 0.5] }, /accuracies of 2 models for 3 stages/],
    [{ thresholds: [0.5, Number.NaN, 0.5] }, /NaN is not in \[0, 1\]/],
    [{ thresholds: [0.5, 0.5, 1.5] }, /1.5 is not in/],
    [{ stopRule: { type: 'value' as const, lambdaUsd: 1, steps: [] } }, /0 steps for 3 stages/],
  ])('is refused: the plan %j', (change, problem) => {
    expect(planProblem(plan(change))).toMatch(problem);
    expect(() => begin(plan(change), start)).toThrow(problem);
  });
});
