/** A differentiable function: writes its gradient at `x` into `gradient`, and returns its value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

/** Steps kept to estimate the curvature. */
const MEMORY = 8;
/** Armijo's condition: a step must bring at least this share of what the slope promises. */
const SUFFICIENT = 1e-4;
const MOST_HALVINGS = 30;

/**
 * Minimises a smooth convex function by L-BFGS (Liu and Nocedal 1989, doi:10.1007/BF01589116) with a backtracking line
 * search. Deterministic: the same function and start give the same end.
 * @param start is not changed.
 * @param options.iterations at most so many. @param options.tolerance stop when an iteration brings less than this share of the value.
 */
export function minimise(
  objective: Objective,
  start: Float64Array,
  options: { readonly iterations: number; readonly tolerance: number },
): Float64Array {
  const size = start.length;
  let x = Float64Array.from(start);
  let gradient = new Float64Array(size);
  let value = objective(x, gradient);
  const steps: { s: Float64Array; y: Float64Array; rho: number }[] = [];

  for (let iteration = 0; iteration < options.iterations; iteration++) {
    const direction = descent(gradient, steps);
    let slope = dot(direction, gradient);
    if (slope >= 0) {
      // Rounding has spoilt the curvature: begin again with the steepest descent.
      steps.length = 0;
      for (let i = 0; i < size; i++) direction[i] = -gradient[i]!;
      slope = dot(direction, gradient);
      if (slope === 0) break;
    }
    const before = value;
    const next = new Float64Array(size);
    const nextGradient = new Float64Array(size);
    let length = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let found = false;
    for (let halving = 0; halving < MOST_HALVINGS && !found; halving++) {
      for (let i = 0; i < size; i++) next[i] = x[i]! + length * direction[i]!;
      const there = objective(next, nextGradient);
      if (there <= before + SUFFICIENT * length * slope) {
        value = there;
        found = true;
      } else length /= 2;
    }
    if (!found) break;
    remember(steps, x, next, gradient, nextGradient);
    x = next;
    gradient = nextGradient;
    if (before - value < options.tolerance * Math.max(1, Math.abs(value))) break;
  }
  return x;
}

function descent(
  gradient: Float64Array,
  steps: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = Float64Array.from(gradient, (value) => -value);
  const alphas: number[] = [];
  for (let k = steps.length - 1; k >= 0; k--) {
    const { s, y, rho } = steps[k]!;
    const alpha = rho * dot(s, q);
    alphas[k] = alpha;
    addScaled(q, y, -alpha);
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  for (const [k, { s, y, rho }] of steps.entries()) addScaled(q, s, alphas[k]! - rho * dot(y, q));
  return q;
}

function remember(
  steps: { s: Float64Array; y: Float64Array; rho: number }[],
  x: Float64Array,
  next: Float64Array,
  gradient: Float64Array,
  nextGradient: Float64Array,
): void {
  const s = next.map((value, i) => value - x[i]!);
  const y = nextGradient.map((value, i) => value - gradient[i]!);
  const curvature = dot(s, y);
  if (curvature <= 1e-12) return;
  steps.push({ s, y, rho: 1 / curvature });
  if (steps.length > MEMORY) steps.shift();
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function addScaled(target: Float64Array, source: Float64Array, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * source[i]!;
}
