import { canonicalJson } from '../core/canonical-json.ts';
import { nearMiss } from '../core/near-miss.ts';
import type { JsonObject } from '../core/policy.ts';
import { agreement } from './agreement.ts';
import { checked } from './checked.ts';
import { constant } from './constant.ts';
import { http } from './http.ts';
import { judge } from './judge.ts';
import { logprob } from './logprob.ts';
import type { Score, ScorerKind } from './scorer.ts';
import { ScorerProblem } from './scorer-problem.ts';
import { validator } from './validator.ts';

/** What a policy pins of a scorer: its valid options, defaults filled in, and what the engine must know of it. */
export interface ParsedScorer {
  readonly name: string;
  readonly options: JsonObject;
  readonly remote: boolean;
  readonly scoresLastStage: boolean;
  /** Milliseconds that one scoring may take; absent where the kind has no limit of its own. */
  readonly timeoutMs?: number;
  /** Names of the models that it will ask. */
  readonly models: readonly string[];
  /** Names of the models that embed for it; absent where none does. */
  readonly embedders?: readonly string[];
}

export interface ScorerRegistry {
  /** Every known name, in alphabetical order. */
  names(): readonly string[];
  /** @throws {Error} that lists the known names, and the one that was probably meant. */
  get(name: string): ScorerKind;
  /** A scorer as it stands in the settings, or every problem of it, one line each, for the settings to report together. */
  parse(name: string, options: unknown): { readonly scorer: ParsedScorer } | { readonly problems: string[] };
  /**
   * The scorer of a policy; equal specs share one, so that `create` of its kind runs once. Its scores are checked.
   * @throws {ScorerProblem} for an unknown name or invalid options (a policy that another version of the worker has applied).
   */
  create(spec: ScorerOf): Score;
  /**
   * As `create`, with all there that the scorer needs.
   * @throws {ScorerProblem} as `create`, and when what it needs is not there. Any other error is worth another try.
   */
  load(spec: ScorerOf): Promise<Score>;
  /**
   * A registry of these kinds and more.
   * @throws {Error} as {@link createScorerRegistry}.
   */
  including(kinds: readonly ScorerKind[]): ScorerRegistry;
}

/** What a scorer of a policy is made of. */
interface ScorerOf {
  readonly name: string;
  readonly options: JsonObject;
}

const BUILT_IN: readonly ScorerKind[] = [agreement, constant, http, judge, logprob, validator];

/**
 * The built-in scorers and a worker's own.
 * @throws {Error} when a kind's name is taken or not in kebab-case.
 */
export function createScorerRegistry(extra: readonly ScorerKind[] = []): ScorerRegistry {
  const kinds = new Map<string, ScorerKind>();
  for (const kind of [...BUILT_IN, ...extra]) {
    const problem = kindProblem(kind) ?? (kinds.has(kind.name) ? 'the name is taken' : null);
    if (problem !== null) throw new Error(`the scorer "${kind.name}" cannot be registered: ${problem}`);
    kinds.set(kind.name, kind);
  }
  const names = [...kinds.keys()].sort();
  // One entry for each version of a policy that this process has served: few, and each is small.
  const created = new Map<string, Score>();

  const unknown = (name: string): string => {
    const meant = nearMiss(name, names);
    const advice = meant === null ? '' : ` Did you mean "${meant}"?`;
    return `there is no scorer "${name}".${advice} Known scorers: ${names.join(', ')}`;
  };
  const get = (name: string): ScorerKind => {
    const kind = kinds.get(name);
    if (kind === undefined) throw new ScorerProblem(unknown(name));
    return kind;
  };
  const parse: ScorerRegistry['parse'] = (name, options) => {
    const kind = kinds.get(name);
    if (kind === undefined) return { problems: [unknown(name)] };
    const parsed = kind.options.safeParse(options);
    if (!parsed.success) {
      return {
        problems: parsed.error.issues.map(
          ({ path, message }) => `${['options', ...path].join('.')}: ${message}`,
        ),
      };
    }
    const models = kind.models?.(parsed.data) ?? [];
    const embedders = kind.embedders?.(parsed.data) ?? [];
    return {
      scorer: {
        name,
        options: parsed.data as JsonObject,
        remote: kind.remote || models.length + embedders.length > 0,
        scoresLastStage: kind.scoresLastStage ?? !kind.remote,
        ...(kind.timeoutMs === undefined ? {} : { timeoutMs: kind.timeoutMs(parsed.data) }),
        models,
        ...(embedders.length === 0 ? {} : { embedders }),
      },
    };
  };
  const create: ScorerRegistry['create'] = ({ name, options }) => {
    const key = canonicalJson([name, options]);
    const known = created.get(key);
    if (known !== undefined) return known;
    const kind = get(name);
    const parsed = parse(name, options);
    if ('problems' in parsed) {
      throw new ScorerProblem(`the scorer "${name}" has invalid options: ${parsed.problems.join('; ')}`);
    }
    const score = checked(name, kind.create(parsed.scorer.options));
    created.set(key, score);
    return score;
  };
  return {
    names: () => names,
    get,
    parse,
    create,
    async load(spec) {
      const score = create(spec);
      // A policy's options have their defaults filled in.
      await get(spec.name).ready?.(spec.options);
      return score;
    },
    including: (more) => createScorerRegistry([...extra, ...more]),
  };
}

function kindProblem(kind: ScorerKind): string | null {
  return /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(kind.name) ? null : 'the name is not in kebab-case';
}
