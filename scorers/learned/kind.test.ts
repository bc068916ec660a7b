import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 } from '../../core/request-hash.ts';
import { createScorerRegistry, type ScoredResponse, type ScoringContext } from '../index.ts';
import { ScorerProblem } from '../scorer-problem.ts';
import { createLearnedKind, type CompileArtifact, type ReadArtifact } from './kind.ts';

const artifact = { confidence: 0.25, about: 'a stand-in' };
const hash = sha256(canonicalJson(artifact));
const query = { task: 'task', messages: [], parameters: {} };
const response: ScoredResponse = {
  stage: 0,
  model: 'small',
  answer: '42',
  text: '42',
  finishReason: 'stop',
  logprobs: null,
};
const context: ScoringContext = {
  ask: () => Promise.reject(new Error('a learned scorer asks nobody')),
  embed: () => Promise.reject(new Error('a learned scorer asks nobody')),
  signal: new AbortController().signal,
};
const compile: CompileArtifact = (content) => {
  const { confidence } = z.object({ confidence: z.number() }).parse(content);
  return (_query, [first]) => [{ answer: first?.answer ?? '', confidence }];
};

function registryOf(read: ReadArtifact) {
  return createScorerRegistry().including([createLearnedKind(read, compile)]);
}

describe('the scorer "learned"', () => {
  it('reads what it was learned as once, however many queries ask at once', async () => {
    const reads: string[] = [];
    const registry = registryOf((asked) => {
      reads.push(asked);
      return Promise.resolve(artifact);
    });
    const score = registry.create({ name: 'learned', options: { sha256: hash } });
    const scored = await Promise.all(
      Array.from({ length: 20 }, async () => score(query, [response], context)),
    );
    await registry.load({ name: 'learned', options: { sha256: hash } });
    expect(reads).toEqual([hash]);
    expect(new Set(scored.map((scores) => canonicalJson(scores)))).toEqual(
      new Set([canonicalJson([{ answer: '42', confidence: 0.25 }])]),
    );
  });

  it('tries a failed read again, with the error as it was', async () => {
    let down = true;
    const registry = registryOf(() =>
      down ? Promise.reject(new Error('the ledger is away')) : Promise.resolve(artifact),
    );
    const spec = { name: 'learned', options: { sha256: hash } };
    await expect(registry.load(spec)).rejects.toThrow(/^the ledger is away$/);
    down = false;
    const score = await registry.load(spec);
    expect(await score(query, [response], context)).toEqual([{ answer: '42', confidence: 0.25 }]);
  });

  it('is refused when its content is another, and says both hashes', async () => {
    const registry = registryOf(() => Promise.resolve({ ...artifact, confidence: 0.26 }));
    const load = registry.load({ name: 'learned', options: { sha256: hash } });
    await expect(load).rejects.toThrow(ScorerProblem);
    await expect(load).rejects.toThrow(
      new RegExp(`${hash} is damaged: what was read has the SHA-256 [0-9a-f]{64}; promote its policy again`),
    );
  });

  it('is refused when this version cannot read it', async () => {
    const other = { weights: 'of a later version' };
    const otherHash = sha256(canonicalJson(other));
    const load = registryOf(() => Promise.resolve(other)).load({
      name: 'learned',
      options: { sha256: otherHash },
    });
    await expect(load).rejects.toThrow(ScorerProblem);
    await expect(load).rejects.toThrow(/cannot be used by this version .* learn and promote it again/s);
  });

  it('is remote, and names whom it asks, where evidence is bought', async () => {
    const bought: unknown[] = [];
    const registry = createScorerRegistry().including([
      createLearnedKind(
        () => Promise.resolve(artifact),
        (content, names) => {
          bought.push(names);
          return compile(content, names);
        },
      ),
    ]);
    const options = { sha256: hash, judge: 'j', embedder: 'e' };
    expect(registry.parse('learned', options)).toEqual({
      scorer: {
        ...{ name: 'learned', options, remote: true, scoresLastStage: true },
        ...{ models: ['j'], embedders: ['e'] },
      },
    });
    await registry.load({ name: 'learned', options });
    await registry.load({ name: 'learned', options: { sha256: hash } });
    await registry.load({ name: 'learned', options });
    expect(bought).toEqual([{ judge: 'j', embedder: 'e' }, {}]);
  });

  it('takes a hash and nothing unknown for its options', () => {
    const registry = registryOf(() => Promise.resolve(artifact));
    for (const options of [{}, { sha256: 'ABC' }, { sha256: hash, path: 'scorer.json' }]) {
      expect(registry.parse('learned', options)).toHaveProperty('problems');
    }
    expect(registry.parse('learned', { sha256: hash })).toEqual({
      scorer: {
        name: 'learned',
        options: { sha256: hash },
        remote: false,
        scoresLastStage: true,
        models: [],
      },
    });
  });
});
