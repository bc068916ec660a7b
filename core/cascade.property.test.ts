import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  begin,
  OUTCOMES,
  step,
  type CascadeEvent,
  type CascadeState,
  type Command,
  type Decision,
  type Progress,
} from './cascade.ts';
import { type CascadePlan, thresholdAt } from './cascade-plan.ts';
import { verdicts } from './verdict.ts';
import { FAILURES, isFailureKind, type FailureKind } from './failure.ts';
import { formatUsd, parseUsd } from './money.ts';
import { addSpend, NOTHING, type Spend } from './spend.ts';
import type { StopRule } from './stop-rule.ts';

const confidence = fc.oneof(fc.constantFrom(0, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
const usd = fc.bigInt(0n, parseUsd('0.02')).map(formatUsd);
const mostly = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 5 });

const plans: fc.Arbitrary<CascadePlan> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.boolean())
  .chain(([stages, bySpend]) =>
    fc.record({
      stages: fc
        .array(mostly(usd), { minLength: stages, maxLength: stages })
        .map((worst) => worst.map((worstCaseUsd, i) => ({ model: `m${i}`, worstCaseUsd }))),
      thresholds: fc.array(confidence, { minLength: stages, maxLength: stages }),
      scorer: fc.record({ scoresLastStage: fc.boolean(), worstCaseUsd: mostly(usd) }),
      limits: fc.record({
        maxCostUsd: fc.option(fc.bigInt(0n, parseUsd('0.15')).map(formatUsd)),
        deadlineMs: fc.option(fc.integer({ min: 1, max: 5000 })),
      }),
      ...(bySpend ? { stopRule: valueRule(stages) } : {}),
    }),
  );

/** A rule whose thresholds fall by what was spent. */
function valueRule(stages: number): fc.Arbitrary<StopRule> {
  const cents = fc.integer({ min: 0, max: 5 }).map((count) => count / 100);
  const valueStep = fc.record({
    priceUsd: cents,
    spent: fc.record({ meanUsd: cents, slope: fc.integer({ min: 0, max: 4 }) }),
    gain: fc.constant({ confidence: [0, 1], gain: [1, 0] }),
  });
  return fc.record({
    type: fc.constant('value'),
    lambdaUsd: fc.constantFrom(0, 0.02, 0.1),
    steps: fc.array(valueStep, { minLength: stages - 1, maxLength: stages - 1 }),
  });
}

/** What the world does with one command. */
const happening = fc.record({
  what: fc.constantFrom('good', 'good', 'good', 'good', 'good', 'good', 'failed', 'denied', 'cancelled'),
  answer: fc.constantFrom('A', 'B', 'C', null),
  confidences: fc.array(fc.option(confidence), { minLength: 3, maxLength: 3 }),
  kind: fc.constantFrom<FailureKind[]>(...Object.keys(FAILURES).filter(isFailureKind)),
  /** Of the command's worst case, in thousandths. */
  cost: fc.integer({ min: 0, max: 1000 }),
  /** Of the time left (or of a second), in thousandths. */
  time: fc.integer({ min: 0, max: 1000 }),
});
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

interface Run {
  readonly plan: CascadePlan;
  readonly events: readonly CascadeEvent[];
  /** One more than `events`: the first is that of `begin`. */
  readonly decisions: readonly Decision[];
  /** At the time of each decision. */
  readonly progress: readonly Progress[];
}

const start: Progress = { spent: NOTHING, elapsedMs: 0 };

/** Plays a random world against the machine, one happening a command, within every worst case and every time left. */
function play(plan: CascadePlan, world: readonly Happening[]): Run {
  const events: CascadeEvent[] = [];
  const decisions = [begin(plan, start)];
  const progress = [start];
  for (const happens of world) {
    const { command, state } = decisions.at(-1)!;
    if (command.type === 'finish') break;
    const before = progress.at(-1)!;
    const after: Progress = {
      spent: addSpend(before.spent, spendOn(plan, command, happens.cost)),
      elapsedMs: before.elapsedMs + Math.ceil(((command.timeLeftMs ?? 1000) * happens.time) / 1000),
    };
    const event = answer(command, state, happens, after);
    events.push(event);
    progress.push(after);
    decisions.push(step(plan, state, event));
  }
  return { plan, events, decisions, progress };
}

function spendOn(plan: CascadePlan, command: Exclude<Command, { type: 'finish' }>, cost: number): Spend {
  const worst =
    command.type === 'score' ? plan.scorer.worstCaseUsd : plan.stages[command.stage]!.worstCaseUsd;
  if (worst === null) return { low: 0n, high: null };
  const high = (parseUsd(worst) * BigInt(cost)) / 1000n;
  return { low: high / 2n, high };
}

function answer(
  command: Exclude<Command, { type: 'finish' }>,
  state: CascadeState,
  happens: Happening,
  progress: Progress,
): CascadeEvent {
  if (happens.what === 'failed') return { type: 'failed', kind: happens.kind, ...progress };
  if (happens.what === 'denied') return { type: 'denied', ...progress };
  if (happens.what === 'cancelled') return { type: 'cancelled', ...progress };
  if (command.type === 'call') {
    return { type: 'answered', attemptId: `attempt ${command.stage}`, answer: happens.answer, ...progress };
  }
  const scores = ['A', 'B', 'C'].flatMap((candidate, i) => {
    const value = happens.confidences[i] ?? null;
    const given = state.responses.some((response) => response.answer === candidate);
    return given && value !== null ? [{ answer: candidate, confidence: value }] : [];
  });
  return { type: 'scored', scores, ...progress };
}

const runs = fc
  .tuple(plans, fc.array(happening, { minLength: 20, maxLength: 20 }))
  .map(([plan, world]) => play(plan, world));

/** Checks a statement on thousands of random runs. */
function always(check: (run: Run) => void): void {
  fc.assert(fc.property(runs, check), { numRuns: 3000 });
}

const callsOf = (run: Run): number[] =>
  run.decisions.flatMap(({ command }) => (command.type === 'call' ? [command.stage] : []));

function finishOf(run: Run): Extract<Command, { type: 'finish' }> {
  const { command } = run.decisions.at(-1)!;
  if (command.type !== 'finish') throw new Error('the run did not end');
  return command;
}

describe('every cascade', () => {
  it('ends in a named outcome, within one call and one scoring a stage', () => {
    always((run) => {
      expect(run.decisions.length).toBeLessThanOrEqual(2 * run.plan.stages.length + 1);
      expect(OUTCOMES).toContain(finishOf(run).outcome);
      expect(run.decisions.at(-1)!.state.phase).toBe('finished');
    });
  });

  it('calls the stages in order, none twice, none after acceptance', () => {
    always((run) => {
      const calls = callsOf(run);
      expect(calls).toEqual(calls.map((_, i) => i));
      const accepted = run.decisions.findIndex(
        ({ command }) => command.type === 'finish' && command.outcome === 'accepted',
      );
      if (accepted >= 0) expect(accepted).toBe(run.decisions.length - 1);
    });
  });

  it('scores only a response that has just come', () => {
    always((run) => {
      run.decisions.forEach(({ command, state }, i) => {
        if (command.type !== 'score') return;
        expect(run.events[i - 1]!.type).toBe('answered');
        expect(state.responses.at(-1)!.stage).toBe(command.stage);
      });
    });
  });

  it('stays within its budget while calls stay within their worst cases', () => {
    always((run) => {
      const { maxCostUsd } = run.plan.limits;
      if (maxCostUsd === null) return;
      const { high } = run.progress.at(-1)!.spent;
      expect(high).not.toBeNull();
      expect(high! <= parseUsd(maxCostUsd)).toBe(true);
    });
  });

  it('asks for nothing once its deadline has passed, and says how much time is left', () => {
    always((run) => {
      const { deadlineMs } = run.plan.limits;
      run.decisions.forEach(({ command }, i) => {
        if (command.type === 'finish') return;
        if (deadlineMs === null) {
          expect(command.timeLeftMs).toBeNull();
        } else {
          expect(command.timeLeftMs).toBe(deadlineMs - run.progress[i]!.elapsedMs);
          expect(command.timeLeftMs).toBeGreaterThan(0);
        }
      });
    });
  });

  it('serves one of its responses, the earliest of its candidate, unless it was cancelled or failed', () => {
    always((run) => {
      const { outcome, served } = finishOf(run);
      const { responses } = run.decisions.at(-1)!.state;
      const nothing = outcome === 'cancelled' || outcome === 'failed' || responses.length === 0;
      expect(served === null).toBe(nothing);
      if (served === null) return;
      const { stage, attemptId, answer, threshold } = served;
      const response = { stage, attemptId, answer };
      expect(responses).toContainEqual(response);
      if (answer !== null) {
        expect(response).toEqual(responses.find((each) => each.answer === answer));
      }
      const stoppedAt = callsOf(run).at(-1)!;
      const { heldTo } = run.decisions.at(-1)!.state;
      expect(threshold).toBe(heldTo?.[stoppedAt] ?? run.plan.thresholds[stoppedAt]);
    });
  });

  it('accepts what clears the threshold, and only that', () => {
    always((run) => {
      const { outcome, served } = finishOf(run);
      if (outcome === 'accepted') {
        expect(served!.confidence!).toBeGreaterThanOrEqual(served!.threshold);
        return;
      }
      // Whatever was passed over had fallen short, or came with no answer to decide on.
      run.events.forEach((event, i) => {
        if (event.type !== 'scored' || event.scores.length === 0) return;
        const { stage, responses } = run.decisions[i]!.state;
        if (responses.at(-1)!.answer === null) return;
        const best = Math.max(...event.scores.map((score) => score.confidence));
        const threshold = thresholdAt(run.plan, stage, event.spent);
        expect(run.decisions[i + 1]!.state.heldTo?.[stage] ?? run.plan.thresholds[stage]).toBe(threshold);
        expect(best).toBeLessThan(threshold);
      });
    });
  });

  it('gives each response one verdict, exactly one `accepted`, when something is served', () => {
    always((run) => {
      const { served } = finishOf(run);
      const { state } = run.decisions.at(-1)!;
      const given = verdicts(state, served);
      expect([...given.keys()]).toEqual(
        served === null ? [] : state.responses.map(({ attemptId }) => attemptId),
      );
      const count = (verdict: string): number =>
        [...given.values()].filter((each) => each === verdict).length;
      expect(count('accepted')).toBe(served === null ? 0 : 1);
      const voters = state.responses.filter(
        ({ answer }) => answer !== null && answer === served?.answer,
      ).length;
      expect(count('corroborated')).toBe(Math.max(0, voters - 1));
    });
  });

  it('takes no event after its end', () => {
    always((run) => {
      const { state } = run.decisions.at(-1)!;
      const late: CascadeEvent[] = [
        { type: 'cancelled', ...start },
        { type: 'denied', ...start },
        { type: 'scored', scores: [], ...start },
        { type: 'answered', attemptId: 'late', answer: 'A', ...start },
        { type: 'failed', kind: 'timeout', ...start },
      ];
      for (const event of late) expect(() => step(run.plan, state, event)).toThrow(/has ended/);
    });
  });

  it('decides the same again from the same events, through states that were kept as JSON', () => {
    always((run) => {
      let { state } = begin(run.plan, start);
      run.events.forEach((event, i) => {
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        const decision = step(run.plan, JSON.parse(JSON.stringify(state)) as CascadeState, event);
        expect(decision).toEqual(run.decisions[i + 1]);
        ({ state } = decision);
      });
    });
  });

  it('is tried on worlds that reach every outcome', () => {
    const reached = new Set(fc.sample(runs, { numRuns: 3000, seed: 1 }).map((run) => finishOf(run).outcome));
    expect([...reached].sort()).toEqual([...OUTCOMES].sort());
  });
});
