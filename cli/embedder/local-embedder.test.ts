import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CliError } from '../exit.ts';
import { loadLocalEmbedder, type Transformers } from './local-embedder.ts';

/** A stand-in for the package: a text's vector is its length, its tokens are its words. */
function standIn() {
  const asked: unknown[] = [];
  let running = 0;
  let most = 0;
  const extractor = Object.assign(
    async (texts: readonly string[], options: object) => {
      asked.push([texts, options]);
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running -= 1;
      if (texts[0] === 'break') throw new Error('out of memory');
      return { tolist: () => texts.map(({ length }) => [length]) };
    },
    {
      tokenizer: (texts: readonly string[]) => ({
        attention_mask: { tolist: () => texts.map((text) => [...text.split(' ').map(() => 1n), 0n]) },
      }),
      dispose: () => Promise.resolve(asked.push('disposed')),
    },
  );
  const transformers: Transformers = {
    env: { allowRemoteModels: true, localModelPath: '/elsewhere' },
    pipeline: (task, model, options) => {
      if (model === 'nobody/nothing') return Promise.reject(new Error('404'));
      asked.push([task, model, options]);
      return Promise.resolve(extractor);
    },
  };
  return { transformers, asked, most: () => most, load: () => Promise.resolve(transformers) };
}

describe('a local embedder', () => {
  it('reads a folder of this machine, and then nothing from anywhere else', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'escalier-embedder-'));
    const { transformers, asked, load } = standIn();
    const embedder = await loadLocalEmbedder({ model: folder, pooling: 'cls', dtype: 'q8' }, load);
    expect(transformers.env).toEqual({ allowRemoteModels: false, localModelPath: dirname(folder) });
    expect(await embedder.embed(['two words', 'one'])).toEqual({ vectors: [[9], [3]], tokens: 3 });
    await embedder.close();
    expect(asked).toEqual([
      ['feature-extraction', basename(folder), { dtype: 'q8' }],
      [['two words', 'one'], { pooling: 'cls', normalize: true }],
      'disposed',
    ]);
    await rm(folder, { recursive: true });
  });

  it('takes what is no folder for a name of the hub', async () => {
    const { transformers, asked, load } = standIn();
    await loadLocalEmbedder({ model: 'somebody/something' }, load);
    expect(transformers.env.allowRemoteModels).toBe(true);
    expect(asked).toEqual([['feature-extraction', 'somebody/something', { dtype: 'fp32' }]]);
    await expect(loadLocalEmbedder({ model: 'nobody/nothing' }, load)).rejects.toThrow(
      '"nobody/nothing" (no folder of this machine, so the model of the hub) cannot be loaded: 404',
    );
  });

  it('runs one request at a time, and goes on after one that failed', async () => {
    const { most, load } = standIn();
    const embedder = await loadLocalEmbedder({ model: 'somebody/something' }, load);
    const outcomes = await Promise.allSettled(['a', 'break', 'b'].map((text) => embedder.embed([text])));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(most()).toBe(1);
  });

  it.skipIf(isInstalled())('says which package is missing, and how to have it', async () => {
    const loading = loadLocalEmbedder({ model: 'somebody/something' });
    await expect(loading).rejects.toThrow(CliError);
    await expect(loading).rejects.toThrow('run "npm install @huggingface/transformers" beside escalier');
  });
});

function isInstalled(): boolean {
  try {
    createRequire(import.meta.url).resolve('@huggingface/transformers');
    return true;
  } catch {
    return false;
  }
}
